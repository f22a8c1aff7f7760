import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useRef } from "react";
import { type AlertChange, type AlertDetail, type AlertStatus, api } from "../../api";
import { useRenewal } from "../../app/live";
import { useScreen } from "../../app/screen";
import { useSession } from "../../app/session";
import { COLUMNS_OF_ONE, EVENT_COLUMNS } from "../../ui/event/columns";
import { EventDrawer } from "../../ui/event/EventDrawer";
import { useKeys } from "../../ui/keys";
import { useNow } from "../../ui/now";
import { Facts, Page, Part, until } from "../../ui/Page";
import { Severity } from "../../ui/Severity";
import { ErrorState, Loading } from "../../ui/states";
import { Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { counted, spoken } from "../../ui/words";
import { Around, Hours } from "./Around";
import { Comparison } from "./Comparison";
import { compared, noted } from "./facts";
import { VerdictForm } from "./VerdictForm";

export function AlertPage() {
  const { id = "" } = useParams({ strict: false });
  const renewal = useRenewal();
  const alert = useQuery({
    queryKey: ["alert", id],
    queryFn: ({ signal }) => api.alert(id, signal),
    refetchInterval: renewal,
  });
  const data = alert.data;
  return (
    <Page
      title={data?.headline ?? "Alert"}
      state={
        data ? (
          <>
            <Severity level={data.severity} />
            {` · ${spoken(data.status)} · ${counted(data.findings, "finding")} · assigned to ${data.assignee?.name ?? "nobody"} · last seen `}
            <Time at={data.last} ageOnly />
          </>
        ) : (
          until(alert, "the alert")
        )
      }
      actions={data && <Steps alert={data} />}
    >
      {alert.isPending && <Loading />}
      {alert.isError && (
        <ErrorState
          what={
            data ? "What you see is not the newest: the alert could not be read again" : "The alert could not be read"
          }
          error={alert.error}
          retry={alert.refetch}
        />
      )}
      {data && <AlertStory key={data.id} alert={data} />}
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
    mutationFn: (body: AlertChange) => api.updateAlert(alert.id, body),
    onSettled: () => {
      for (const name of ["alert", "alerts", "overview"]) void cache.invalidateQueries({ queryKey: [name] });
    },
  });
  const mine = alert.assignee?.id === member.id;
  const assign = () => {
    if (!update.isPending) update.mutate({ assignee: mine ? null : member.id });
  };
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
  const now = useNow();
  const verdict = useRef<HTMLDivElement>(null);
  useKeys({ v: () => verdict.current?.querySelector<HTMLElement>("input, button")?.focus() });
  const { what, why, meaning, next } = alert.explanation;
  const numbers = compared(alert.facts);
  return (
    <>
      <div className="vt-story">
        <div>
          <Part title="What happened">
            <p className="vt-sentence">{what}</p>
            <Around alert={alert} />
          </Part>
          <Part title="Why it is unusual">
            <p className="vt-prose">{why}</p>
            {numbers && <Comparison {...numbers} />}
            <Hours alert={alert} />
          </Part>
          <Part title="What it could mean">
            <p className="vt-prose">{meaning}</p>
          </Part>
          <Part title="What to do next">
            <ol className="vt-steps">
              {next.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
          </Part>
        </div>
        <div className="vt-aside">
          <div ref={verdict}>
            <VerdictForm alert={alert} />
          </div>
          <Part title="Facts">
            <Facts
              facts={[
                ["Who", <WhoDid key="who" alert={alert} />],
                ["Source", alert.source.title],
                ["First", <Time key="first" at={alert.first} />],
                ["Last", <Time key="last" at={alert.last} />],
                ...noted(alert.facts, now),
              ]}
            />
          </Part>
          <Part title="The rule">
            <p>{alert.rule_detail.description}</p>
            <p className="vt-meta">{`${alert.rule_detail.title}, version ${alert.rule_detail.version}`}</p>
          </Part>
          <Part title="Findings">
            <ul className="vt-list">
              {alert.findings_list.map((finding) => (
                <li key={finding.id}>
                  <span>{counted(finding.count, "event")}</span>
                  <Time at={finding.last} />
                  {finding.supersedes && <span className="vt-meta">replaces an earlier finding</span>}
                </li>
              ))}
            </ul>
          </Part>
          <Part title="History">
            {alert.history.length === 0 && <p className="vt-muted">Nobody has touched this alert yet.</p>}
            <ul className="vt-list" aria-label="History">
              {alert.history.map((one) => (
                <li key={one.at + one.what}>
                  <span>{`${one.member.name}: ${one.what}`}</span>
                  <Time at={one.at} ageOnly />
                </li>
              ))}
            </ul>
          </Part>
        </div>
      </div>
      <Part title="Events that led to it">
        {alert.events.length === 0 && <p className="vt-muted">None that you may see.</p>}
        {alert.events.length > 0 && (
          <Table
            label="Events of this alert"
            columns={EVENT_COLUMNS.filter((column) => COLUMNS_OF_ONE.includes(column.id))}
            rows={alert.events}
            id={(event) => event.position}
            selected={screen.open}
            onOpen={operations.includes("events.read") ? (open) => change({ open }) : undefined}
          />
        )}
      </Part>
      <EventDrawer
        position={screen.open}
        onClose={() => change({ open: undefined })}
        canProve={operations.includes("events.prove")}
        canReveal={operations.includes("events.reveal")}
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
