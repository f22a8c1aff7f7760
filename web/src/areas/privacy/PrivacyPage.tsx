import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type Erasure } from "../../api";
import { useScreen } from "../../app/screen";
import { Drawer } from "../../ui/Drawer";
import { Facts, Page, Part, until } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time, TimeOr } from "../../ui/Time";
import { count, counted } from "../../ui/words";
import { Holds } from "./Holds";
import { Masking } from "./Masking";
import { Retention } from "./Retention";
import { Reveals } from "./Reveals";
import { basisWords, stateWords } from "./words";

/** How often an erasure under way is read again. */
const FOLLOW_MS = 1_500;

const COLUMNS: Column<Erasure>[] = [
  { title: "Reason", cell: (one) => one.reason },
  { title: "Legal basis", cell: (one) => basisWords(one.basis) },
  { title: "Asked by", cell: (one) => one.member.name },
  { title: "Asked", narrow: true, cell: (one) => <Time at={one.created} /> },
  { title: "Events", narrow: true, cell: (one) => count(one.events) },
  { title: "State", narrow: true, cell: (one) => stateWords(one) },
];

export function PrivacyPage() {
  const { screen, change } = useScreen();
  const erasures = useQuery({
    queryKey: ["erasures"],
    queryFn: ({ signal }) => api.erasures(signal),
    refetchInterval: (query) => (query.state.data?.items.some((one) => one.state !== "done") ? FOLLOW_MS : false),
  });
  const data = erasures.data;
  const underWay = data?.items.filter((one) => one.state !== "done").length ?? 0;
  const opened = data?.items.find((one) => one.id === screen.open);
  return (
    <Page
      title="Privacy"
      state={
        data
          ? `${counted(data.items.length, "erasure")}${underWay ? `, ${underWay} under way` : ""}. Values go for ever; events and their proofs stay.`
          : until(erasures, "the erasures")
      }
    >
      <Part title="Erasures">
        {erasures.isPending && <Loading rows={3} />}
        {erasures.isError && (
          <ErrorState what="The erasures could not be read" error={erasures.error} retry={erasures.refetch} />
        )}
        {data?.items.length === 0 && (
          <EmptyState title="Nobody was erased">
            Open a person, an account or a record under <Link to="/persons">People</Link> and choose Erase.
          </EmptyState>
        )}
        {data && data.items.length > 0 && (
          <Table
            label="Erasures"
            columns={COLUMNS}
            rows={data.items}
            id={(one) => one.id}
            selected={screen.open}
            onOpen={(open) => change({ open })}
          />
        )}
      </Part>
      <Reveals />
      <Holds />
      <Retention />
      <Masking />
      <Drawer title={opened?.reason ?? ""} open={opened !== undefined} onClose={() => change({ open: undefined })}>
        {opened && <ErasureStory erasure={opened} />}
      </Drawer>
    </Page>
  );
}

function ErasureStory({ erasure }: { erasure: Erasure }) {
  return (
    <>
      {erasure.state !== "done" && (
        <div className="vt-job">
          <progress
            aria-label="Progress"
            value={erasure.total ? erasure.done : undefined}
            max={erasure.total ?? undefined}
          />
          <span role="status">{stateWords(erasure)}</span>
        </div>
      )}
      {erasure.trouble && (
        <p className="vt-notice" role="alert">
          {erasure.trouble}
        </p>
      )}
      <Facts
        facts={[
          ["Legal basis", basisWords(erasure.basis)],
          ["Asked by", erasure.member.name],
          ["Asked", <Time key="asked" at={erasure.created} />],
          ["Done", <TimeOr key="done" at={erasure.finished} unknown="not yet" />],
          ["Accounts and records", count(erasure.accounts)],
          ["Events", count(erasure.events)],
          ["Quarantined records emptied", count(erasure.quarantined)],
          ["Streams that begin anew", count(erasure.streams)],
          ["Exported files removed", count(erasure.export_files)],
        ]}
      />
      <Part title="What had left before">
        {erasure.left.length === 0 && <p className="vt-muted">No file was taken away before.</p>}
        <ul className="vt-list">
          {erasure.left.map((one) => (
            <li key={one.what + one.time}>
              <span>{one.kind}</span>
              <span>{one.member?.name ?? "somebody not signed in"}</span>
              <Time at={one.time} />
            </li>
          ))}
        </ul>
      </Part>
    </>
  );
}
