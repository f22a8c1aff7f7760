import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type Alert, type AnchorState, api, type LedgerState, type Overview, type SeverityName } from "../../api";
import { useRenewal } from "../../app/live";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { Histogram } from "../../ui/chart/Histogram";
import { Who } from "../../ui/event/columns";
import { Health } from "../../ui/Health";
import { Page, Part, until } from "../../ui/Page";
import { Severity } from "../../ui/Severity";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time, TimeOr } from "../../ui/Time";
import { count, counted } from "../../ui/words";
import { confirmedInWords, stateInWords } from "./words";

const LEVELS: SeverityName[] = ["critical", "high", "medium", "low", "info"];

export function OverviewPage() {
  const { range, change } = useScreen();
  const renewal = useRenewal();
  const mayList = useMay("sources.list");
  const overview = useQuery({
    queryKey: ["overview", range],
    queryFn: ({ signal }) => api.overview(range, signal),
    placeholderData: keepPreviousData,
    refetchInterval: renewal,
  });
  const data = overview.data;
  return (
    <Page title="Overview" state={data ? stateInWords(data, mayList) : until(overview, "the state of the trail")}>
      <Histogram data={data?.histogram} onRange={change} />
      {overview.isPending && <Loading />}
      {overview.isError && (
        <ErrorState what="The overview could not be read" error={overview.error} retry={overview.refetch} />
      )}
      {data && (
        <div className="vt-story">
          <div>
            <OpenAlerts data={data} />
            <TopActors data={data} />
          </div>
          <div>
            {mayList && <Sources data={data} />}
            <Ledgers />
          </div>
        </div>
      )}
    </Page>
  );
}

const ALERT_COLUMNS: Column<Alert>[] = [
  { title: "Severity", narrow: true, cell: (alert) => <Severity level={alert.severity} /> },
  { title: "What happened", main: true, cell: (alert) => alert.headline },
  { title: "Last seen", narrow: true, cell: (alert) => <Time at={alert.last} ageOnly /> },
];

function OpenAlerts({ data }: { data: Overview }) {
  const navigate = useNavigate();
  const open = LEVELS.filter((level) => data.alerts_open[level]);
  return (
    <Part title="Open alerts">
      {open.length === 0 && (
        <p className="vt-muted">None. An alert appears here, without reloading, when a rule finds something.</p>
      )}
      {open.length > 0 && (
        <ul className="vt-inline">
          {open.map((level) => (
            <li key={level}>
              <Link to="/alerts" search={{ severity: level }}>
                {count(data.alerts_open[level] ?? 0)} <Severity level={level} />
              </Link>
            </li>
          ))}
        </ul>
      )}
      {data.alerts.length > 0 && (
        <Table
          label="Newest alerts"
          columns={ALERT_COLUMNS}
          rows={data.alerts}
          id={(alert) => alert.id}
          onOpen={(id) => void navigate({ to: "/alerts/$id", params: { id } })}
        />
      )}
    </Part>
  );
}

function Sources({ data }: { data: Overview }) {
  const mayOpen = useMay("sources.read");
  const mayCreate = useMay("sources.create");
  if (data.sources.length === 0)
    return (
      <EmptyState title="No source is connected">
        {mayCreate ? (
          <Link className="vt-button" to="/sources/new">
            Add the first source
          </Link>
        ) : (
          "An administrator connects the first one; events appear here as soon as it sends them."
        )}
      </EmptyState>
    );
  return (
    <Part title="Sources">
      <ul className="vt-list">
        {data.sources.map((source) => (
          <li key={source.id}>
            {mayOpen ? (
              <Link to="/sources/$id" params={{ id: source.id }}>
                {source.title}
              </Link>
            ) : (
              <span>{source.title}</span>
            )}
            <span className="vt-end">
              <Health status={source.status} />
            </span>
            <span className="vt-meta vt-line">{source.summary}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

const ACTOR_COLUMNS: Column<Overview["top_actors"][number]>[] = [
  { title: "Who", main: true, cell: ({ actor }) => <Who event={{ actor }} /> },
  {
    title: "Department",
    narrow: true,
    cell: ({ actor }) =>
      actor.department?.name ?? (
        <span className="vt-muted" title="No person of the directory is linked to this account">
          unknown, no person linked
        </span>
      ),
  },
  { title: "Events", numeric: true, narrow: true, cell: ({ events }) => count(events) },
  { title: "Rows read or moved", numeric: true, narrow: true, cell: ({ rows }) => count(rows) },
];

function TopActors({ data }: { data: Overview }) {
  const [first] = data.top_actors;
  const share = first && data.events_total ? Math.round((first.events / data.events_total) * 100) : 0;
  return (
    <Part
      title={
        first ? `Who did most: ${first.actor.person?.name ?? first.actor.label}, ${share} % of all` : "Who did most"
      }
    >
      {!first && <p className="vt-muted">Nobody did anything in this range.</p>}
      {first && (
        <Table label="Who did most" columns={ACTOR_COLUMNS} rows={data.top_actors} id={({ actor }) => actor.subject} />
      )}
    </Part>
  );
}

/** Asked by itself, because checkpoints renew it every second. */
function Ledgers() {
  const may = useMay("ledgers.list");
  const ledgers = useQuery({ queryKey: ["ledgers"], queryFn: ({ signal }) => api.ledgers(signal), enabled: may });
  if (!may) return null;
  return (
    <Part title="Ledger">
      {ledgers.isError && (
        <ErrorState what="The ledger's state could not be read" error={ledgers.error} retry={ledgers.refetch} />
      )}
      <ul className="vt-list">
        {ledgers.data?.items.map((ledger) => (
          <li key={ledger.name}>
            <span>{ledger.name === "activity" ? "Activity" : "Own trail"}</span>
            <span className="vt-end">{counted(ledger.size, "record")}</span>
            <span className="vt-meta vt-line">
              {ledger.pending === 0
                ? "All under the checkpoint signed "
                : `${count(ledger.pending)} wait for the next checkpoint; the last was signed `}
              <TimeOr at={ledger.checkpoint?.time} unknown="never: the first is signed after the first record" />
            </span>
            <LastVerified ledger={ledger} />
            <Confirmed anchor={ledger.witness} by="witness" />
            <Confirmed anchor={ledger.time_stamp} by="time" />
          </li>
        ))}
      </ul>
      {ledgers.data?.rollback_unnoticed && <p className="vt-note">{ledgers.data.rollback_unnoticed}</p>}
    </Part>
  );
}

/** What the server found when it last read its own ledger again. */
function LastVerified({ ledger }: { ledger: LedgerState }) {
  const { verified } = ledger;
  if (!verified) return <span className="vt-meta vt-line">Not yet verified by this server</span>;
  return (
    <span className="vt-meta vt-line" data-fault={verified.faults > 0}>
      {verified.faults === 0 ? "Verified " : `${counted(verified.faults, "fault")} found when verified `}
      <Time at={verified.time} />
      {", every byte "}
      <TimeOr at={verified.all_time} unknown="not yet" />
    </span>
  );
}

/** What a witness or the time-stamping authority has confirmed; nothing where neither is configured. */
function Confirmed({ anchor, by }: { anchor: AnchorState | null; by: "witness" | "time" }) {
  if (!anchor) return null;
  const told = confirmedInWords(anchor, by);
  return (
    <span className="vt-meta vt-line">
      {told.late && (
        <span className="vt-health" data-status="trouble">
          <span aria-hidden="true">▲</span>{" "}
        </span>
      )}
      {told.words} <TimeOr at={anchor.time} unknown="never yet" />
      {anchor.trouble && `. ${anchor.trouble}`}
    </span>
  );
}
