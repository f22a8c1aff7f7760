import { NativeSelect } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type Alert, api } from "../../api";
import { useScreen } from "../../app/screen";
import { Listing } from "../../ui/Listing";
import { Page } from "../../ui/Page";
import { Severity } from "../../ui/Severity";
import { EmptyState } from "../../ui/states";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { count, spoken } from "../../ui/words";

const COLUMNS: Column<Alert>[] = [
  { title: "What happened", cell: (alert) => alert.headline },
  { title: "Severity", cell: (alert) => <Severity level={alert.severity} /> },
  { title: "Status", cell: (alert) => spoken(alert.status) },
  { title: "Opened", cell: (alert) => <Time at={alert.opened} /> },
  { title: "Findings", numeric: true, cell: (alert) => count(alert.findings) },
  { title: "Assigned to", cell: (alert) => alert.assignee?.name ?? "nobody" },
];

const STATUSES = [
  { value: "", label: "All alerts" },
  { value: "new", label: "New" },
  { value: "in_progress", label: "In progress" },
  { value: "closed", label: "Closed" },
];
const SEVERITIES = [
  { value: "", label: "Every severity" },
  ...["critical", "high", "medium", "low", "info"].map((one) => ({ value: one, label: one })),
];

/** Asked again this often even when no live stream is possible. */
const RENEW_MS = 10_000;

export function AlertsPage() {
  const { screen, change } = useScreen();
  const navigate = useNavigate();
  const query = { status: screen.status, severity: screen.severity };
  const alerts = useInfiniteQuery({
    queryKey: ["alerts", query],
    queryFn: ({ pageParam, signal }) => api.alerts(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: RENEW_MS,
  });
  const counts = alerts.data?.pages[0]?.counts;
  return (
    <Page
      title="Alerts"
      state={
        counts
          ? `${count(counts.new)} new, ${count(counts.in_progress)} in progress, ${count(counts.closed)} closed.`
          : "Counting alerts."
      }
    >
      <div className="vt-words">
        <NativeSelect
          aria-label="Status"
          data={STATUSES}
          value={screen.status ?? ""}
          onChange={(picked) => change({ status: picked.currentTarget.value || undefined })}
        />
        <NativeSelect
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
          <EmptyState title="No alerts here">
            Alerts appear when a rule finds something in the events received. The library lists the rules that watch.
          </EmptyState>
        }
      />
    </Page>
  );
}
