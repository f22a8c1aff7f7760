import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { CSSProperties } from "react";
import { api, type EventQuery, type Facet } from "../../api";
import { useSession } from "../../app/session";
import { ErrorState, Loading } from "../../ui/states";
import { capital, count, counted, spoken } from "../../ui/words";
import { facetFields, toggle } from "./filters";

export function useFacets(query: EventQuery) {
  const { role } = useSession().member;
  return useQuery({
    queryKey: ["facets", query],
    queryFn: ({ signal }) => api.facets(query, facetFields(role), signal),
    placeholderData: keepPreviousData,
  });
}

type Props = {
  facets: UseQueryResult<{ facets: Facet[] }>;
  filter: string[];
  onChange: (filter: string[] | undefined) => void;
};

/** How much of the field's events have a value: drawn behind it. */
const share = (facet: Facet, of: number) =>
  (of / Math.max(1, facet.other + facet.values.reduce((sum, one) => sum + one.count, 0))) * 100;

/** Which values the found events have, and how many; choosing one narrows, "not" leaves it out. */
export function Facets({ facets, filter, onChange }: Props) {
  const choose = (field: string, value: string, excluded: boolean) => {
    const next = toggle(filter, { field, value, excluded });
    onChange(next.length ? next : undefined);
  };
  return (
    <section className="vt-facets" aria-label="Narrow the events">
      {facets.isPending && <Loading rows={10} />}
      {facets.isError && <ErrorState what="The counts could not be read" error={facets.error} retry={facets.refetch} />}
      {facets.data?.facets
        .filter((facet) => facet.values.length > 0)
        .map((facet) => (
          <details key={facet.field} open>
            <summary>{capital(spoken(facet.field))}</summary>
            <ul>
              {facet.values.map((one) => (
                <li key={one.value}>
                  <button
                    type="button"
                    aria-pressed={filter.includes(`${facet.field}:${one.value}`)}
                    style={{ "--share": `${share(facet, one.count)}%` } as CSSProperties}
                    onClick={() => choose(facet.field, one.value, false)}
                  >
                    <span>{one.label}</span>
                    <span className="vt-meta">{count(one.count)}</span>
                  </button>
                  <button
                    type="button"
                    className="vt-not"
                    aria-pressed={filter.includes(`${facet.field}!:${one.value}`)}
                    aria-label={`not ${one.label}`}
                    onClick={() => choose(facet.field, one.value, true)}
                  >
                    not
                  </button>
                </li>
              ))}
              {facet.other > 0 && <li className="vt-meta">{`${counted(facet.other, "event")} with other values`}</li>}
            </ul>
          </details>
        ))}
    </section>
  );
}
