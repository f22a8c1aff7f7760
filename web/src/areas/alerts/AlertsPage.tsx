import { NativeSelect } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type Alert, type AlertStatus, api } from "../../api";
import { useRenewal } from "../../app/live";
import { useScreen } from "../../app/screen";
import { Listing } from "../../ui/Listing";
import { Page, until } from "../../ui/Page";
import { Severity } from "../../ui/Severity";
import { EmptyState } from "../../ui/states";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { capital, count, counted, spoken } from "../../ui/words";

const COLUMNS: Column<Alert>[] = [
  { title: "Severity", narrow: true, cell: (alert) => <Severity level={alert.severity} /> },
  { title: "What happened", main: true, cell: (alert) => alert.headline },
  {
    title: "Status",
    narrow: true,
    cell: (alert) => (alert.verdict ? `closed: ${alert.verdict}` : spoken(alert.status)),
  },
  { title: "Source", narrow: true, cell: (alert) => alert.source.title },
  { title: "Last seen", narrow: true, cell: (alert) => <Time at={alert.last} /> },
  { title: "Findings", numeric: true, narrow: true, cell: (alert) => count(alert.findings) },
  {
    title: "Assigned to",
    narrow: true,
    cell: (alert) => alert.assignee?.name ?? <span className="vt-muted">nobody</span>,
  },
];

const STATUSES: { value: AlertStatus; label: string }[] = [
  { value: "new", label: "New" },
  { value: "in_progress", label: "In progress" },
  { value: "closed", label: "Closed" },
];
const SEVERITIES = [
  { value: "", label: "Every severity" },
  ...["critical", "high", "medium", "low", "info"].map((one) => ({ value: one, label: capital(one) })),
];

export function AlertsPage() {
  const { screen, change } = useScreen();
  const renewal = useRenewal();
  const navigate = useNavigate();
  const query = { status: screen.status, severity: screen.severity };
  const alerts = useInfiniteQuery({
    queryKey: ["alerts", query],
    queryFn: ({ pageParam, signal }) => api.alerts(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: renewal,
  });
  const counts = alerts.data?.pages[0]?.counts;
  return (
    <Page
      title="Alerts"
      state={
        counts
          ? counts.new + counts.in_progress === 0
            ? `Nothing waits for you; ${counted(counts.closed, "alert")} closed.`
            : `${counted(counts.new, "alert")} ${counts.new === 1 ? "waits" : "wait"} for a first look, ${count(counts.in_progress)} in progress.`
          : until(alerts, "the alerts")
      }
    >
      <div className="vt-words">
        <fieldset className="vt-segments">
          <legend className="vt-hidden">Status</legend>
          <button type="button" aria-pressed={!screen.status} onClick={() => change({ status: undefined })}>
            All
          </button>
          {STATUSES.map((one) => (
            <button
              key={one.value}
              type="button"
              aria-pressed={screen.status === one.value}
              onClick={() => change({ status: one.value })}
            >
              {one.label} {counts && <span className="vt-meta">{count(counts[one.value])}</span>}
            </button>
          ))}
        </fieldset>
        <NativeSelect
          size="xs"
          aria-label="Severity"
          data={SEVERITIES}
          value={screen.severity ?? ""}
          onChange={(picked) => change({ severity: picked.currentTarget.value || undefined })}
        />
      </div>
      <Listing
        of="alerts"
        query={alerts}
        columns={COLUMNS}
        id={(alert) => alert.id}
        onOpen={(id) => void navigate({ to: "/alerts/$id", params: { id } })}
        empty={
          screen.status || screen.severity ? (
            <EmptyState title="No alert matches">
              <p>None has this status and severity.</p>
              <button
                type="button"
                className="vt-link"
                onClick={() => change({ status: undefined, severity: undefined })}
              >
                Show all alerts
              </button>
            </EmptyState>
          ) : (
            <EmptyState title="No alerts yet">
              <p>Alerts appear here, without reloading, when a rule finds something in the events received.</p>
              <Link className="vt-button" to="/rules">
                See which rules watch
              </Link>
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
