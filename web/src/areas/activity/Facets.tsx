import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { api, type EventQuery, type Facet } from "../../api";
import { ErrorState, Loading } from "../../ui/states";
import { capital, count, spoken } from "../../ui/words";
import { FACET_FIELDS, toggle } from "./filters";

export const useFacets = (query: EventQuery) =>
  useQuery({
    queryKey: ["facets", query],
    queryFn: ({ signal }) => api.facets(query, [...FACET_FIELDS], signal),
    placeholderData: keepPreviousData,
  });

type Props = {
  facets: UseQueryResult<{ facets: Facet[] }>;
  filter: string[];
  onChange: (filter: string[] | undefined) => void;
};

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
              {facet.other > 0 && <li className="vt-meta">{`${count(facet.other)} events with other values`}</li>}
            </ul>
          </details>
        ))}
    </section>
  );
}
