import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, type PersonDetail } from "../../api";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { Week, WeekToCome } from "../../ui/chart/Week";
import { EventStream } from "../../ui/event/EventStream";
import { Facts, Page, Part, until } from "../../ui/Page";
import { ErrorState, Loading } from "../../ui/states";
import { Time } from "../../ui/Time";
import { count, counted } from "../../ui/words";
import { EraseButton } from "../privacy/EraseDialog";

/** The heat map needs weeks to say anything, whatever the range of the list. */
const PATTERN_FROM = "-30d";

export function PersonPage() {
  const { id = "" } = useParams({ strict: false });
  const person = useQuery({ queryKey: ["person", id], queryFn: ({ signal }) => api.person(id, signal) });
  const data = person.data;
  return (
    <Page
      title={data?.name ?? "Person"}
      state={
        data
          ? `${data.title ?? "Title not in the directory"}, ${data.department?.name ?? "department unknown"}; ${counted(data.events_7d, "event")} in the last 7 days, ${counted(data.alerts_open, "open alert")}.`
          : until(person, "the person")
      }
      actions={data && !data.erased && <EraseButton whom={{ person: data.id }} name={data.name} />}
    >
      {person.isPending && <Loading />}
      {person.isError && <ErrorState what="The person could not be read" error={person.error} retry={person.refetch} />}
      {data && <PersonStory key={data.id} person={data} />}
    </Page>
  );
}

function PersonStory({ person }: { person: PersonDetail }) {
  return (
    <>
      {person.erased && (
        <p className="vt-notice" role="status">
          {"This person's values were erased "}
          <Time at={person.erased} />
          {". What they did stays, without their name."}
        </p>
      )}
      <div className="vt-columns">
        <Part title="In the directory">
          <Facts
            facts={[
              ["E-mail", person.email ?? "not in the directory"],
              ["Employee", person.employee_id ?? "not in the directory"],
              [
                "Manager",
                person.manager ? (
                  <Link key="manager" to="/persons/$id" params={{ id: person.manager.id }}>
                    {person.manager.name}
                  </Link>
                ) : (
                  "nobody named"
                ),
              ],
              ["Zone", person.zone ?? "not in the directory"],
            ]}
          />
        </Part>
        <Part title="Accounts">
          {person.links.length === 0 && (
            <p className="vt-muted">No account is linked. The directory file links them.</p>
          )}
          <ul className="vt-list">
            {person.links.map((link) => (
              <li key={link.subject + link.from}>
                <Link to="/subjects/$id" params={{ id: link.subject }}>
                  {link.label || "erased"}
                </Link>
                <span>{link.source.title}</span>
                <Period from={link.from} until={link.until} />
              </li>
            ))}
          </ul>
        </Part>
        <Part title="Departments over time">
          <ul className="vt-list">
            {person.history.map((one) => (
              <li key={one.department.id + one.from}>
                <span>{one.department.name}</span>
                <span className="vt-meta">{one.manager ? `under ${one.manager.name}` : "no manager named"}</span>
                <Period from={one.from} until={one.until} />
              </li>
            ))}
          </ul>
        </Part>
      </div>
      <Part title="When they work, last 30 days">
        <Pattern person={person.id} />
      </Part>
      <Part title="What they did">
        <PersonEvents person={person.id} />
      </Part>
    </>
  );
}

function Period({ from, until }: { from: string | null; until: string | null }) {
  return (
    <span className="vt-meta">
      {from ? <Time at={from} ageOnly /> : "since ever"}
      {until ? " until " : " until now"}
      {until && <Time at={until} ageOnly />}
    </span>
  );
}

function Pattern({ person }: { person: string }) {
  const pattern = useQuery({
    queryKey: ["pattern", person],
    queryFn: ({ signal }) => api.pattern(person, PATTERN_FROM, signal),
  });
  if (pattern.isPending) return <WeekToCome label="now" />;
  if (pattern.isError)
    return <ErrorState what="The working hours could not be read" error={pattern.error} retry={pattern.refetch} />;
  return <Week {...pattern.data} outlined={{ at: new Date(), label: "now" }} />;
}

function PersonEvents({ person }: { person: string }) {
  const { screen, change, range } = useScreen();
  const mayRead = useMay("events.search");
  const canProve = useMay("events.prove");
  const canReveal = useMay("events.reveal");
  const query = { ...range, filter: [`person:${person}`] };
  const events = useInfiniteQuery({
    queryKey: ["events", query],
    queryFn: ({ pageParam, signal }) => api.events(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    enabled: mayRead,
  });
  if (!mayRead) return <p className="vt-muted">Your role does not read events.</p>;
  const loaded = events.data?.pages.reduce((sum, page) => sum + page.items.length, 0) ?? 0;
  return (
    <>
      <p className="vt-meta">
        {`${count(loaded)} loaded. `}
        <Link to="/activity" search={query}>
          Open in Activity
        </Link>
      </p>
      <EventStream
        query={events}
        open={screen.open}
        onOpen={(open) => change({ open })}
        canProve={canProve}
        canReveal={canReveal}
        ofOne
        empty="Widen the time range above: nothing was recorded about this person in it."
      />
    </>
  );
}
