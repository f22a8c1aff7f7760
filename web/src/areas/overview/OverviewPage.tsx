import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type Overview, type SeverityName } from "../../api";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { Histogram } from "../../ui/chart/Histogram";
import { Health } from "../../ui/Health";
import { Page, Part } from "../../ui/Page";
import { Severity } from "../../ui/Severity";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { Time, TimeOr } from "../../ui/Time";
import { count, counted } from "../../ui/words";
import { stateInWords } from "./words";

const LEVELS: SeverityName[] = ["critical", "high", "medium", "low", "info"];

export function OverviewPage() {
  const { range, change } = useScreen();
  const overview = useQuery({
    queryKey: ["overview", range],
    queryFn: ({ signal }) => api.overview(range, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
  const data = overview.data;
  return (
    <Page title="Overview" state={data ? stateInWords(data) : "Reading the state of the trail."}>
      <Histogram data={data?.histogram} onRange={change} />
      {overview.isPending && <Loading />}
      {overview.isError && (
        <ErrorState what="The overview could not be read" error={overview.error} retry={overview.refetch} />
      )}
      {data && (
        <div className="vt-columns">
          <OpenAlerts data={data} />
          <Sources data={data} />
          <TopActors data={data} />
          <Ledgers />
        </div>
      )}
    </Page>
  );
}

function OpenAlerts({ data }: { data: Overview }) {
  const open = LEVELS.filter((level) => data.alerts_open[level]);
  return (
    <Part title="Open alerts">
      {open.length === 0 && <p className="vt-muted">None. Alerts appear when a rule finds something in the events.</p>}
      <ul className="vt-inline">
        {open.map((level) => (
          <li key={level}>
            <Link to="/alerts" search={{ severity: level }}>
              <Severity level={level} /> {count(data.alerts_open[level] ?? 0)}
            </Link>
          </li>
        ))}
      </ul>
      <ul className="vt-list">
        {data.alerts.map((alert) => (
          <li key={alert.id}>
            <Severity level={alert.severity} />
            <Link to="/alerts/$id" params={{ id: alert.id }}>
              {alert.headline}
            </Link>
            <Time at={alert.opened} ageOnly />
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Sources({ data }: { data: Overview }) {
  const mayOpen = useMay("sources.read");
  if (data.sources.length === 0)
    return (
      <EmptyState title="No source is connected">
        {mayOpen ? <Link to="/sources/new">Add the first source</Link> : "An administrator connects the first one."}
      </EmptyState>
    );
  return (
    <Part title="Sources">
      <ul className="vt-list">
        {data.sources.map((source) => (
          <li key={source.id}>
            <Health status={source.status} />
            {mayOpen ? (
              <Link to="/sources/$id" params={{ id: source.id }}>
                {source.title}
              </Link>
            ) : (
              <span>{source.title}</span>
            )}
            <span className="vt-meta">{source.summary}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function TopActors({ data }: { data: Overview }) {
  return (
    <Part title="Who did most">
      {data.top_actors.length === 0 && <p className="vt-muted">Nobody did anything in this range.</p>}
      <ul className="vt-list">
        {data.top_actors.map(({ actor, events, rows }) => (
          <li key={actor.subject}>
            {actor.person ? (
              <Link to="/persons/$id" params={{ id: actor.person.id }}>
                {actor.person.name}
              </Link>
            ) : (
              <Link to="/subjects/$id" params={{ id: actor.subject }}>
                {actor.label}
              </Link>
            )}
            <span className="vt-meta">{actor.department?.name ?? "department unknown: no person linked"}</span>
            <span className="vt-numeric">{`${counted(events, "event")}, ${counted(rows, "row")}`}</span>
          </li>
        ))}
      </ul>
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
            <span>{`${counted(ledger.size, "record")}, ${count(ledger.pending)} not yet under a checkpoint`}</span>
            <span className="vt-meta">
              {"Checkpoint: "}
              <TimeOr at={ledger.checkpoint?.time} unknown="none yet, the first is signed after the first record" />
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}
