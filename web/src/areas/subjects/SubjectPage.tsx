import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, type Subject } from "../../api";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { EventStream } from "../../ui/event/EventStream";
import { Facts, Page, Part, until } from "../../ui/Page";
import { ErrorState, Loading } from "../../ui/states";
import { TimeOr } from "../../ui/Time";
import { capital, counted, spoken } from "../../ui/words";
import { EraseButton } from "../privacy/EraseDialog";

export function SubjectPage() {
  const { id = "" } = useParams({ strict: false });
  const subject = useQuery({ queryKey: ["subject", id], queryFn: ({ signal }) => api.subject(id, signal) });
  const data = subject.data;
  return (
    <Page
      title={data?.label ?? "Record"}
      state={
        data
          ? `${capital(spoken(data.object_type ?? data.kind))} in ${data.source.title}, named in ${counted(data.events, "event")}.`
          : until(subject, "the record")
      }
      actions={data && data.label !== "erased" && <EraseButton whom={{ subject: data.id }} name={data.label} />}
    >
      {subject.isPending && <Loading />}
      {subject.isError && (
        <ErrorState what="The record could not be read" error={subject.error} retry={subject.refetch} />
      )}
      {data && (
        <>
          <Part title="Known about it">
            <Facts
              facts={[
                ["Kind", spoken(data.kind)],
                [
                  "Person",
                  data.person ? (
                    <Link key="person" to="/persons/$id" params={{ id: data.person.id }}>
                      {data.person.name}
                    </Link>
                  ) : (
                    "none linked"
                  ),
                ],
                ["First seen", <TimeOr key="first" at={data.first} unknown="never" />],
                ["Last seen", <TimeOr key="last" at={data.last} unknown="never" />],
              ]}
            />
          </Part>
          <Part title={data.kind === "record" ? "What happened to it" : "What it did"}>
            <SubjectEvents subject={data} />
          </Part>
        </>
      )}
    </Page>
  );
}

/** A record is a target; accounts and applications act. */
function SubjectEvents({ subject }: { subject: Subject }) {
  const { screen, change, range } = useScreen();
  const canProve = useMay("events.prove");
  const canReveal = useMay("events.reveal");
  const query = { ...range, filter: [`${subject.kind === "record" ? "target" : "actor"}:${subject.id}`] };
  const events = useInfiniteQuery({
    queryKey: ["events", query],
    queryFn: ({ pageParam, signal }) => api.events(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  return (
    <EventStream
      query={events}
      open={screen.open}
      onOpen={(open) => change({ open })}
      canProve={canProve}
      canReveal={canReveal}
      ofOne={subject.kind !== "record"}
      empty="Widen the time range above: nothing was recorded in it."
    />
  );
}
