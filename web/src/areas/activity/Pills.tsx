import type { Facet } from "../../api";
import { inWords, parseFilter } from "./filters";

type Props = { filter: string[]; facets: Facet[]; onChange: (filter: string[] | undefined) => void };

/** The filters in force; pressing one removes it. */
export function Pills({ filter, facets, onChange }: Props) {
  if (filter.length === 0) return null;
  return (
    <ul className="vt-pills" aria-label="Filters in force">
      {filter.map((one) => {
        const words = inWords(parseFilter(one), facets);
        const rest = filter.filter((other) => other !== one);
        return (
          <li key={one}>
            <button
              type="button"
              aria-label={`Remove: ${words}`}
              onClick={() => onChange(rest.length ? rest : undefined)}
            >
              {words} <span aria-hidden="true">×</span>
            </button>
          </li>
        );
      })}
      {filter.length > 1 && (
        <li>
          <button type="button" onClick={() => onChange(undefined)}>
            Remove all
          </button>
        </li>
      )}
    </ul>
  );
}
