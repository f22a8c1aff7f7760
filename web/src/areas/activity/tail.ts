import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Event, type EventPage, type EventQuery, queryString } from "../../api";
import { useLive } from "../../app/live";

/** What arrives within this time is shown at once: a row a time would make the list dance. */
const SHOW_MS = 250;
/** Counts and filters are asked again this often: each asking is written to the own trail. */
const COUNT_MS = 10_000;
/** The list does not grow beyond this while it is watched. */
const MOST = 500;

/** Under which the pages of a search are kept: the tail puts what arrives where the page reads it. `kept` is the kept search that was opened. */
export const eventsKey = (query: EventQuery, kept?: string) => ["events", query, kept] as const;

/** Puts what arrived before what is there, newest first, each event once. */
export function prepend(pages: EventPage[], arrived: Event[]): EventPage[] {
  const [first, ...rest] = pages;
  if (!first) return pages;
  const known = new Set(pages.flatMap((page) => page.items.map((event) => event.position)));
  const fresh = arrived.filter((event) => !known.has(event.position) && known.add(event.position));
  fresh.sort((one, other) => Date.parse(other.time) - Date.parse(one.time));
  return [{ ...first, items: [...fresh, ...first.items].slice(0, MOST) }, ...rest];
}

/** While on, events that match the search come in by themselves. */
export function useTail(on: boolean, query: EventQuery, kept?: string) {
  const cache = useQueryClient();
  const { follow } = useLive();
  const key = JSON.stringify(query);
  useEffect(() => {
    if (!on) return;
    const asked: EventQuery = JSON.parse(key);
    let arrived: Event[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      const fresh = arrived;
      arrived = [];
      cache.setQueryData<InfiniteData<EventPage>>(
        eventsKey(asked, kept),
        (old) => old && { ...old, pages: prepend(old.pages, fresh) },
      );
    };
    // An answer under way is waited for: begun anew each time, none would ever arrive on a slow line.
    const again = (...names: string[]) => {
      for (const name of names) void cache.invalidateQueries({ queryKey: [name] }, { cancelRefetch: false });
    };
    const counts = setInterval(() => again("histogram", "facets"), COUNT_MS);
    const leave = follow(queryString({ q: asked.q, filter: asked.filter }), {
      event: (event) => {
        arrived.push(event);
        timer ??= setTimeout(show, SHOW_MS);
      },
      missed: () => again("events", "histogram", "facets"),
    });
    return () => {
      clearTimeout(timer);
      clearInterval(counts);
      leave();
    };
  }, [on, key, kept, cache, follow]);
}
