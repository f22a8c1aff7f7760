import { get, post, remove } from "./client";
import { type EventQuery, queryString } from "./query";
import type { AlertPage, EventDetail, EventPage, Histogram, LedgerState, Session } from "./types";

export { ApiError } from "./client";
export type { EventQuery } from "./query";
export type * from "./types";

export const api = {
  session: (signal?: AbortSignal) => get<Session>("/session", signal),
  signIn: (email: string, password: string) => post<Session>("/session", { email, password }),
  signOut: () => remove<void>("/session"),
  events: (query: EventQuery, cursor: string | null, signal?: AbortSignal) =>
    get<EventPage>(`/events${queryString({ ...query, cursor, limit: 100 })}`, signal),
  histogram: (query: EventQuery, signal?: AbortSignal) =>
    get<Histogram>(`/events/histogram${queryString(query)}`, signal),
  event: (position: string, signal?: AbortSignal) =>
    get<EventDetail>(`/events/${encodeURIComponent(position)}`, signal),
  alerts: (query: { status?: string; severity?: string }, cursor: string | null, signal?: AbortSignal) =>
    get<AlertPage>(`/alerts${queryString({ ...query, cursor })}`, signal),
  ledgers: (signal?: AbortSignal) => get<{ items: LedgerState[] }>("/ledgers", signal),
};
