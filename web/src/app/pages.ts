import type { Operation } from "../api";

/** The rail: a page is listed only when the member may call the operation it stands on. `ranged` pages follow the time range of the top bar. */
export const PAGES = [
  { to: "/overview", title: "Overview", operation: "overview.read", ranged: true },
  { to: "/activity", title: "Activity", operation: "events.search", ranged: true },
  { to: "/searches", title: "Searches", operation: "searches.list", ranged: false },
  { to: "/persons", title: "People", operation: "persons.list", ranged: false },
  { to: "/alerts", title: "Alerts", operation: "alerts.list", ranged: false },
  { to: "/my-activity", title: "My activity", operation: "own.events", ranged: true },
  { to: "/rules", title: "Library", operation: "rules.list", ranged: false },
  { to: "/sources", title: "Sources", operation: "sources.list", ranged: false },
  { to: "/directory", title: "Directory", operation: "directory.import", ranged: false },
  { to: "/privacy", title: "Privacy", operation: "erasures.list", ranged: false },
  { to: "/members", title: "Members", operation: "members.list", ranged: false },
  // Owners of one find it from their account; the rail lists it for those who see all.
  { to: "/service-accounts", title: "Service accounts", operation: "members.list", ranged: false },
  { to: "/roles", title: "Roles", operation: "roles.read", ranged: false },
  { to: "/self", title: "Own trail", operation: "self.list", ranged: false },
  { to: "/jobs", title: "Jobs", operation: "jobs.list", ranged: false },
  { to: "/settings", title: "Settings", operation: "settings.read", ranged: false },
] as const satisfies { to: string; title: string; operation: Operation; ranged: boolean }[];

/** Roles that read the trail find their own events there; the page of one's own is for those who see nothing else. */
export function allowedPages(operations: Operation[]) {
  const readsTrail = operations.includes("events.search");
  return PAGES.filter((page) => operations.includes(page.operation) && !(readsTrail && page.to === "/my-activity"));
}

/** Where a member lands: those who only have their own activity find it first. */
export function homeOf(operations: Operation[]): (typeof PAGES)[number]["to"] {
  return allowedPages(operations)[0]?.to ?? "/my-activity";
}

export const isRanged = (path: string): boolean =>
  /^\/(subjects|persons)\/./.test(path) || PAGES.some((page) => page.ranged && path === page.to);
