import type { Facet, Role } from "../../api";
import { spoken } from "../../ui/words";

/** The fields offered beside the list, in this order. */
const FACET_FIELDS = [
  "source",
  "activity",
  "outcome",
  "person",
  "department",
  "object_type",
  "class",
  "address",
  "vendor_type",
] as const;

/** Addresses are masked for a lead, and the server counts no masked values. */
export const facetFields = (role: Role): string[] =>
  FACET_FIELDS.filter((field) => field !== "address" || role !== "department_lead");

export type Filter = { field: string; value: string; excluded: boolean };

/** `FIELD:VALUE` or `FIELD!:VALUE`; values may hold colons. */
export function parseFilter(text: string): Filter {
  const at = text.indexOf(":");
  const excluded = text[at - 1] === "!";
  return { field: text.slice(0, excluded ? at - 1 : at), value: text.slice(at + 1), excluded };
}

export const writeFilter = ({ field, value, excluded }: Filter) => `${field}${excluded ? "!" : ""}:${value}`;

/** Adds a filter, turns its opposite around, or removes it when it is there already. */
export function toggle(filters: string[], filter: Filter): string[] {
  const own = writeFilter(filter);
  const opposite = writeFilter({ ...filter, excluded: !filter.excluded });
  const rest = filters.filter((one) => one !== own && one !== opposite);
  return filters.includes(own) ? rest : [...rest, own];
}

/** "Outcome is failure", with the label people know where the facets carry one. */
export function inWords(filter: Filter, facets: Facet[]): string {
  const values = facets.find((facet) => facet.field === filter.field)?.values;
  const label = values?.find((one) => one.value === filter.value)?.label ?? filter.value;
  return `${spoken(filter.field)} ${filter.excluded ? "is not" : "is"} ${label}`;
}
