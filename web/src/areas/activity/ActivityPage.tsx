import { Button, Pill, TextInput } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, lazy, Suspense, useCallback } from "react";
import { api, type Event } from "../../api";
import { useScreen } from "../../app/screen";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { EventDrawer } from "./EventDrawer";

// The chart library is larger than the rest of the page: the list is readable before it arrives.
const Histogram = lazy(() => import("../../ui/chart/Histogram").then((part) => ({ default: part.Histogram })));

const COLUMNS: Column<Event>[] = [
  { title: "What happened", cell: (event) => event.sentence },
  { title: "When", cell: (event) => <Time at={event.time} /> },
  { title: "Outcome", cell: (event) => event.outcome },
  { title: "Source", cell: (event) => event.source.title },
];

export function ActivityPage() {
  const { screen, change, range } = useScreen();
  const query = { ...range, q: screen.q, filter: screen.filter };
  const events = useInfiniteQuery({
    queryKey: ["events", query],
    queryFn: ({ pageParam, signal }) => api.events(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  const histogram = useQuery({
    queryKey: ["histogram", query],
    queryFn: ({ signal }) => api.histogram(query, signal),
    placeholderData: keepPreviousData,
  });
  const interval = histogram.data?.interval_secs ?? 0;
  const pick = useCallback(
    (start: string) => change({ from: start, until: new Date(Date.parse(start) + interval * 1000).toISOString() }),
    [change, interval],
  );
  const search = (submitted: FormEvent<HTMLFormElement>) => {
    submitted.preventDefault();
    change({ q: String(new FormData(submitted.currentTarget).get("q") ?? "") || undefined });
  };
  const rows = events.data?.pages.flatMap((page) => page.items) ?? [];
  const total = histogram.data?.buckets.reduce((sum, one) => sum + one.success + one.failure + one.unknown, 0);
  return (
    <>
      <h1>Activity</h1>
      <p className="vt-state">
        {total === undefined ? "Counting events in this range." : `${total.toLocaleString("en")} events in this range.`}
      </p>
      <form onSubmit={search}>
        <TextInput name="q" key={screen.q} defaultValue={screen.q} aria-label="Search events" placeholder="Words" />
      </form>
      <Pill.Group my="xs">
        {screen.filter?.map((one) => (
          <Pill
            key={one}
            withRemoveButton
            removeButtonProps={{ "aria-label": `Remove ${one}` }}
            onRemove={() => change({ filter: screen.filter?.filter((other) => other !== one) })}
          >
            {one}
          </Pill>
        ))}
      </Pill.Group>
      <Suspense fallback={<div className="vt-chart" />}>
        {histogram.data ? <Histogram buckets={histogram.data.buckets} onPick={pick} /> : <div className="vt-chart" />}
      </Suspense>
      {events.isPending && <Loading />}
      {events.isError && <ErrorState what="Events could not be read" error={events.error} retry={events.refetch} />}
      {events.isSuccess && rows.length === 0 && (
        <EmptyState title="No events match">Widen the time range above, or remove words and filters.</EmptyState>
      )}
      {rows.length > 0 && (
        <Table
          label="Events"
          columns={COLUMNS}
          rows={rows}
          id={(event) => event.position}
          selected={screen.open}
          onOpen={(open) => change({ open })}
        />
      )}
      {events.hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => events.fetchNextPage()} loading={events.isFetchingNextPage}>
          Older events
        </Button>
      )}
      <EventDrawer position={screen.open} onClose={() => change({ open: undefined })} />
    </>
  );
}
