/** The rail: a page is listed only when the member may call the operation it stands on. */
export const PAGES = [
  { to: "/activity", title: "Activity", operation: "events.search" },
  { to: "/alerts", title: "Alerts", operation: "alerts.list" },
] as const;

export const allowedPages = (operations: string[]) => PAGES.filter((page) => operations.includes(page.operation));
