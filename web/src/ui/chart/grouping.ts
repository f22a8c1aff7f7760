import type { Event } from "../../api";

/** More lanes than this cannot be told apart; the rest share the last one. */
const MAX_LANES = 12;

export type Lane = { name: string; events: Event[] };

/** One lane per source and session, the busiest first. */
export function lanesOf(events: Event[]): Lane[] {
  const lanes = new Map<string, Event[]>();
  for (const event of events) {
    const name = event.session ? `${event.source.title} · ${event.session}` : event.source.title;
    lanes.set(name, [...(lanes.get(name) ?? []), event]);
  }
  const sorted = [...lanes].map(([name, of]) => ({ name, events: of }));
  sorted.sort((one, other) => other.events.length - one.events.length);
  if (sorted.length <= MAX_LANES) return sorted;
  const rest = sorted.slice(MAX_LANES - 1).flatMap((lane) => lane.events);
  return [...sorted.slice(0, MAX_LANES - 1), { name: "all other sessions", events: rest }];
}
