import { Button, TextInput } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { api, type EventQuery } from "../../api";
import { useLive } from "../../app/live";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { Histogram } from "../../ui/chart/Histogram";
import { EVENT_COLUMNS, USUAL_COLUMNS } from "../../ui/event/columns";
import { EventDrawer } from "../../ui/event/EventDrawer";
import { useKeys } from "../../ui/keys";
import { Listing } from "../../ui/Listing";
import { Page, until } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { counted } from "../../ui/words";
import { ColumnsMenu } from "./ColumnsMenu";
import { ExportMenu } from "./ExportMenu";
import { Facets, useFacets } from "./Facets";
import { KeepMenu } from "./KeepMenu";
import { Pills } from "./Pills";
import { eventsKey, useTail } from "./tail";

export function ActivityPage() {
  const { screen, change, range } = useScreen();
  const query: EventQuery = { ...range, q: screen.q, filter: screen.filter };
  // A kept search that was opened: the trail names it with the run.
  const kept = screen.search;
  const events = useInfiniteQuery({
    queryKey: eventsKey(query, kept),
    queryFn: ({ pageParam, signal }) => api.events({ ...query, search: kept }, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  const histogram = useQuery({
    queryKey: ["histogram", query],
    queryFn: ({ signal }) => api.histogram(query, signal),
    placeholderData: keepPreviousData,
  });
  const facets = useFacets(query);
  const canProve = useMay("events.prove");
  const canReveal = useMay("events.reveal");
  const live = useLive();
  const tailing = live.possible && screen.live === "1";
  useTail(tailing, query, kept);
  const words = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => words.current?.focus() });
  const search = (submitted: FormEvent<HTMLFormElement>) => {
    submitted.preventDefault();
    change({ q: words.current?.value || undefined });
  };
  const asked = Boolean(screen.q || screen.filter);
  const chosen = screen.columns?.split(",") ?? USUAL_COLUMNS;
  const total = histogram.data?.buckets.reduce((sum, one) => sum + one.success + one.failure + one.unknown, 0);
  const took = events.data?.pages[0]?.took_ms;
  const state =
    total === undefined
      ? until(histogram, "the events of this range")
      : `${counted(total, "event")} in this range${took === undefined ? "" : `, found in ${Math.round(took)} ms`}${tailing ? "; new ones appear by themselves" : ""}.`;
  return (
    <Page
      title="Activity"
      state={state}
      actions={
        <>
          {live.possible && (
            <Button
              size="xs"
              variant={tailing ? "filled" : "default"}
              aria-pressed={tailing}
              onClick={() => change({ live: tailing ? undefined : "1", until: undefined })}
            >
              Live tail
            </Button>
          )}
          <ColumnsMenu chosen={chosen} onChange={(columns) => change({ columns: columns.join(",") })} />
          <KeepMenu query={query} columns={screen.columns?.split(",") ?? []} />
          <ExportMenu query={query} />
        </>
      }
    >
      <form onSubmit={search} className="vt-words">
        <TextInput
          size="sm"
          ref={words}
          key={screen.q}
          defaultValue={screen.q}
          aria-label="Search events by words"
          placeholder="Words in the event: a name, a report, an address"
        />
        <Button type="submit" size="sm" variant="default">
          Find
        </Button>
      </form>
      <Pills
        filter={screen.filter ?? []}
        facets={facets.data?.facets ?? []}
        onChange={(filter) => change({ filter })}
      />
      <Histogram data={histogram.data} onRange={change} />
      <div className="vt-beside">
        <Facets facets={facets} filter={screen.filter ?? []} onChange={(filter) => change({ filter })} />
        <div>
          <Listing
            of="events"
            query={events}
            columns={EVENT_COLUMNS.filter((column) => column.id === "what" || chosen.includes(column.id))}
            id={(event) => event.position}
            selected={screen.open}
            onOpen={(open) => change({ open })}
            empty={
              <EmptyState title="No events match">
                <p>
                  {asked
                    ? "Nothing in this time range has all these words and filters."
                    : "Nothing was recorded in this time range. Events appear as soon as a source sends them."}
                </p>
                <Button
                  size="xs"
                  onClick={() =>
                    change(asked ? { q: undefined, filter: undefined } : { from: "-365d", until: undefined })
                  }
                >
                  {asked ? "Remove words and filters" : "Show the last 365 days"}
                </Button>
              </EmptyState>
            }
          />
        </div>
      </div>
      <EventDrawer
        position={screen.open}
        onClose={() => change({ open: undefined })}
        canProve={canProve}
        canReveal={canReveal}
      />
    </Page>
  );
}
