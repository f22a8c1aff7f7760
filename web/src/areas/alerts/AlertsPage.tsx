import { Button, NativeSelect } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { type Alert, api } from "../../api";
import { useScreen } from "../../app/screen";
import { Drawer } from "../../ui/Drawer";
import { Severity } from "../../ui/Severity";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";

const COLUMNS: Column<Alert>[] = [
  { title: "What happened", cell: (alert) => alert.headline },
  { title: "Severity", cell: (alert) => <Severity level={alert.severity} /> },
  { title: "Status", cell: (alert) => alert.status.replace("_", " ") },
  { title: "Opened", cell: (alert) => <Time at={alert.opened} /> },
  { title: "Assigned to", cell: (alert) => alert.assignee?.name ?? "nobody" },
];

const STATUSES = [
  { value: "", label: "All alerts" },
  { value: "new", label: "New" },
  { value: "in_progress", label: "In progress" },
  { value: "closed", label: "Closed" },
];

export function AlertsPage() {
  const { screen, change } = useScreen();
  const query = { status: screen.status, severity: screen.severity };
  const alerts = useInfiniteQuery({
    queryKey: ["alerts", query],
    queryFn: ({ pageParam, signal }) => api.alerts(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  const rows = alerts.data?.pages.flatMap((page) => page.items) ?? [];
  const counts = alerts.data?.pages[0]?.counts;
  const opened = rows.find((alert) => alert.id === screen.open);
  return (
    <>
      <h1>Alerts</h1>
      <p className="vt-state">
        {counts ? `${counts.new} new, ${counts.in_progress} in progress, ${counts.closed} closed.` : "Counting alerts."}
      </p>
      <NativeSelect
        aria-label="Status"
        data={STATUSES}
        value={screen.status ?? ""}
        onChange={(picked) => change({ status: picked.currentTarget.value || undefined })}
        mb="sm"
        w={180}
      />
      {alerts.isPending && <Loading />}
      {alerts.isError && <ErrorState what="Alerts could not be read" error={alerts.error} retry={alerts.refetch} />}
      {alerts.isSuccess && rows.length === 0 && (
        <EmptyState title="No alerts here">
          Alerts appear when a rule finds something in the events received.
        </EmptyState>
      )}
      {rows.length > 0 && (
        <Table
          label="Alerts"
          columns={COLUMNS}
          rows={rows}
          id={(alert) => alert.id}
          selected={screen.open}
          onOpen={(open) => change({ open })}
        />
      )}
      {alerts.hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => alerts.fetchNextPage()} loading={alerts.isFetchingNextPage}>
          Older alerts
        </Button>
      )}
      <Drawer title="Alert" open={opened !== undefined} onClose={() => change({ open: undefined })}>
        {opened && (
          <>
            <p>{opened.headline}</p>
            <dl className="vt-facts">
              <dt>Severity</dt>
              <dd>
                <Severity level={opened.severity} />
              </dd>
              <dt>Who</dt>
              <dd>{opened.actor?.label ?? "unknown, because the source named no actor"}</dd>
              <dt>First</dt>
              <dd>
                <Time at={opened.first} />
              </dd>
              <dt>Last</dt>
              <dd>
                <Time at={opened.last} />
              </dd>
              <dt>Findings</dt>
              <dd>{opened.findings}</dd>
              <dt>Rule</dt>
              <dd>{opened.rule.title}</dd>
            </dl>
          </>
        )}
      </Drawer>
    </>
  );
}
