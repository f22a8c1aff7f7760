import type { DeliveryPlan, KeptSearch, Sharing } from "../../api";
import { parseScreen, readAddress, type ScreenSearch } from "../../app/search";

export const SHARING: { value: Sharing; label: string }[] = [
  { value: "private", label: "Only me" },
  { value: "role", label: "Members of my role" },
  { value: "everyone", label: "Everybody who may search" },
];

export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Where opening a kept search leads: its question and columns, and its id for the trail. */
export function opening(search: KeptSearch): ScreenSearch {
  const asked = parseScreen(readAddress(`?${search.query}`));
  return { ...asked, columns: search.columns.length ? search.columns.join(",") : undefined, search: search.id };
}

/** "every Monday at 06:00 UTC, as CSV" */
export function planned(plan: DeliveryPlan): string {
  const day = plan.every === "day" ? "day" : (WEEKDAYS[(plan.weekday ?? 1) - 1] ?? "week");
  return `every ${day} at ${String(plan.hour).padStart(2, "0")}:00 UTC, as ${plan.format.toUpperCase()}`;
}
