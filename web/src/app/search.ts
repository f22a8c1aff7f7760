/** What of the screen lives in the address: range, words, filters and the open drawer. Everything else is derived. */

export type ScreenSearch = {
  from?: string;
  until?: string;
  q?: string;
  filter?: string[];
  open?: string;
} & Partial<Record<(typeof WORDS)[number], string>>;

/** Plain words of single pages; each page reads the ones it knows. */
const WORDS = [
  "status",
  "severity",
  "tab",
  "columns",
  "live",
  "department",
  "connector",
  "member",
  "operation",
  "role",
  "acts",
  "search",
] as const;

export const DEFAULT_FROM = "-24h";

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/** Accepts whatever an old bookmark or a hand-typed address holds; unknown or malformed parts are dropped, never thrown on. */
export function parseScreen(raw: Record<string, unknown>): ScreenSearch {
  const listed = Array.isArray(raw.filter) ? raw.filter : [raw.filter];
  const filter = listed.filter((one): one is string => typeof one === "string" && one.includes(":"));
  const screen: ScreenSearch = {
    from: text(raw.from),
    until: text(raw.until),
    q: text(raw.q),
    filter: filter.length ? filter : undefined,
    open: text(raw.open),
    ...Object.fromEntries(WORDS.map((word) => [word, text(raw[word])])),
  };
  return Object.fromEntries(Object.entries(screen).filter(([, value]) => value !== undefined)) as ScreenSearch;
}

/** Plain repeated parameters, so addresses can be read and typed; the router's own default would write JSON. */
export function writeAddress(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") params.append(name, String(one));
    }
  }
  const written = params.toString();
  return written ? `?${written}` : "";
}

export function readAddress(address: string): Record<string, unknown> {
  const params = new URLSearchParams(address);
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const all = params.getAll(name);
      return [name, all.length > 1 ? all : all[0]];
    }),
  );
}
