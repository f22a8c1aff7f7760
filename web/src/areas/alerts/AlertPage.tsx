import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useRef } from "react";
import { type AlertDetail, type AlertStatus, api } from "../../api";
import { useScreen } from "../../app/screen";
import { useSession } from "../../app/session";
import { EVENT_COLUMNS, USUAL_COLUMNS } from "../../ui/event/columns";
import { EventDrawer } from "../../ui/event/EventDrawer";
import { useKeys } from "../../ui/keys";
import { Facts, Page, Part } from "../../ui/Page";
import { Severity } from "../../ui/Severity";
import { ErrorState, Loading } from "../../ui/states";
import { Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { capital, counted, spoken } from "../../ui/words";
import { VerdictForm } from "./VerdictForm";

const RENEW_MS = 10_000;

export function AlertPage() {
  const { id = "" } = useParams({ strict: false });
  const alert = useQuery({
    queryKey: ["alert", id],
    queryFn: ({ signal }) => api.alert(id, signal),
    refetchInterval: RENEW_MS,
  });
  const data = alert.data;
  return (
    <Page
      title={data?.headline ?? "Alert"}
      state={
        data ? (
          <>
            <Severity level={data.severity} />
            {`, ${spoken(data.status)}, ${counted(data.findings, "finding")}, assigned to ${data.assignee?.name ?? "nobody"}; last `}
            <Time at={data.last} ageOnly />
          </>
        ) : (
          "Reading the alert."
        )
      }
      actions={data && <Steps alert={data} />}
    >
      {alert.isPending && <Loading />}
      {alert.isError && <ErrorState what="The alert could not be read" error={alert.error} retry={alert.refetch} />}
      {data && <AlertStory alert={data} />}
    </Page>
  );
}

const NEXT: Record<AlertStatus, { to: AlertStatus; words: string }> = {
  new: { to: "in_progress", words: "Start work" },
  in_progress: { to: "closed", words: "Close" },
  closed: { to: "in_progress", words: "Open again" },
};

function Steps({ alert }: { alert: AlertDetail }) {
  const { member, operations } = useSession();
  const cache = useQueryClient();
  const may = operations.includes("alerts.update");
  const update = useMutation({
    mutationFn: (body: { status?: AlertStatus; assignee?: string | null }) => api.updateAlert(alert.id, body),
    onSettled: () => {
      for (const name of ["alert", "alerts", "overview"]) void cache.invalidateQueries({ queryKey: [name] });
    },
  });
  const mine = alert.assignee?.id === member.id;
  const assign = () => update.mutate({ assignee: mine ? null : member.id });
  useKeys(may ? { a: assign } : {});
  if (!may) return null;
  const next = NEXT[alert.status];
  return (
    <>
      <Button size="xs" variant="default" onClick={assign} loading={update.isPending}>
        {mine ? "Hand back" : "Assign to me"}
      </Button>
      <Button size="xs" variant="default" onClick={() => update.mutate({ status: next.to })} loading={update.isPending}>
        {next.words}
      </Button>
      {update.isError && <ErrorState what="The alert was not changed" error={update.error} />}
    </>
  );
}

function AlertStory({ alert }: { alert: AlertDetail }) {
  const { screen, change } = useScreen();
  const { operations } = useSession();
  const verdict = useRef<HTMLDivElement>(null);
  useKeys({ v: () => verdict.current?.querySelector<HTMLElement>("input, button")?.focus() });
  const { what, why, meaning, next } = alert.explanation;
  return (
    <>
      <div className="vt-story">
        <Part title="What happened">
          <p className="vt-sentence">{what}</p>
          <p>{why}</p>
          <p>{meaning}</p>
          <h3>What to do next</h3>
          <ol>
            {next.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Part>
        <div>
          <Part title="Facts">
            <Facts
              facts={[
                ["Who", <WhoDid key="who" alert={alert} />],
                ["Source", alert.source.title],
                ["First", <Time key="first" at={alert.first} />],
                ["Last", <Time key="last" at={alert.last} />],
                ...Object.entries(alert.facts).map(([name, value]): [string, string] => [
                  capital(spoken(name)),
                  typeof value === "number" ? value.toLocaleString("en") : value,
                ]),
              ]}
            />
          </Part>
          <div ref={verdict}>
            <VerdictForm alert={alert} />
          </div>
        </div>
      </div>
      <Part title="Events that led to it">
        {alert.events.length === 0 && <p className="vt-muted">None that you may see.</p>}
        {alert.events.length > 0 && (
          <Table
            label="Events of this alert"
            columns={EVENT_COLUMNS.filter((column) => USUAL_COLUMNS.includes(column.id))}
            rows={alert.events}
            id={(event) => event.position}
            selected={screen.open}
            onOpen={operations.includes("events.read") ? (open) => change({ open }) : undefined}
          />
        )}
      </Part>
      <div className="vt-columns">
        <Part title="Findings">
          <ul className="vt-list">
            {alert.findings_list.map((finding) => (
              <li key={finding.id}>
                <span>{counted(finding.count, "event")}</span>
                <Time at={finding.last} />
                {finding.supersedes && <span className="vt-meta">replaces an earlier finding after late events</span>}
              </li>
            ))}
          </ul>
        </Part>
        <Part title="The rule">
          <p>{alert.rule_detail.description}</p>
          {alert.rule_detail.degraded && <p className="vt-note">{alert.rule_detail.degraded}</p>}
          <p className="vt-meta">{`${alert.rule_detail.title}, version ${alert.rule_detail.version}`}</p>
        </Part>
        <Part title="History">
          <ul className="vt-list" aria-label="History">
            {alert.history.map((one) => (
              <li key={one.at + one.what}>
                <span>{`${one.member?.name ?? "Veritrail"}: ${one.what}`}</span>
                <Time at={one.at} ageOnly />
              </li>
            ))}
          </ul>
        </Part>
      </div>
      <EventDrawer
        position={screen.open}
        onClose={() => change({ open: undefined })}
        canProve={operations.includes("events.prove")}
      />
    </>
  );
}

function WhoDid({ alert }: { alert: AlertDetail }) {
  if (!alert.actor) return <>unknown, because the source named no actor</>;
  if (!alert.actor.person)
    return (
      <Link to="/subjects/$id" params={{ id: alert.actor.subject }}>
        {alert.actor.label}
      </Link>
    );
  return (
    <Link to="/persons/$id" params={{ id: alert.actor.person.id }}>
      {`${alert.actor.person.name} (${alert.actor.department?.name ?? "department unknown"})`}
    </Link>
  );
}
