/** What an event search asks, and how it is written as a query string. */

export type EventQuery = {
  from: string;
  until?: string;
  q?: string;
  /** `FIELD:VALUE`, or `FIELD!:VALUE` to exclude; the same field twice means "or". */
  filter?: string[];
  min_rows?: number;
};

type Value = string | number | string[] | null | undefined;

/** Leaves out what is not asked, repeats lists, and keeps the given order so equal questions give equal cache keys. */
export function queryString(values: Record<string, Value>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === "") continue;
    if (Array.isArray(value)) for (const one of value) params.append(name, one);
    else params.append(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}
