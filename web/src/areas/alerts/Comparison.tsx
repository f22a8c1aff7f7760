import { count } from "../../ui/words";

/** What was counted beside what the rule tolerates, to one scale. */
export function Comparison({ observed, threshold }: { observed: number; threshold: number }) {
  const top = Math.max(observed, threshold);
  const times = observed / threshold;
  const rows = [
    { name: "Counted", value: observed, of: "observed" },
    { name: "Worth a look from", value: threshold, of: "threshold" },
  ];
  return (
    <figure className="vt-figure">
      <figcaption>
        <span className="vt-finding">
          {times >= 2
            ? `${count(Math.round(times * 10) / 10)} times what is worth a look`
            : `${count(observed)} where ${count(threshold)} is worth a look`}
        </span>
      </figcaption>
      <dl className="vt-bars">
        {rows.map((row) => (
          <div key={row.name}>
            <dt>{row.name}</dt>
            <dd>
              <span
                className="vt-bar-line"
                data-of={row.of}
                style={{ width: `${Math.max(1, (row.value / top) * 100)}%` }}
              />
              <span className="vt-numeric">{count(row.value)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}
