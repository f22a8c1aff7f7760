import { Button } from "@mantine/core";
import { useId, useState } from "react";
import type { Histogram as Data } from "../../api";
import { csvLine, download } from "../download";
import { absolute, brief } from "../time";
import { count } from "../words";
import { finding, roundUp, span, ticks, totalOf } from "./scale";
import { useWidth } from "./width";

const OUTCOMES = ["success", "failure", "unknown"] as const;
const [HEIGHT, LEFT, BOTTOM, TOP] = [140, 44, 22, 6];
const PLOT = HEIGHT - BOTTOM - TOP;

type Range = { from: string; until: string };
type Props = {
  data?: Data;
  onRange?: (range: Range) => void;
  /** A span that the page is about, marked behind the bars. */
  mark?: Range & { label: string };
  /** What it counts, when not all events: "events of Tara Ahlberg". */
  of?: string;
};

/** How many events when, stacked by outcome (failures hatched); dragging over bars sets the range, the table does it by key. */
export function Histogram({ data, onRange, mark, of }: Props) {
  const [place, width] = useWidth();
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const hatch = useId();
  const buckets = data?.buckets ?? [];
  const top = roundUp(Math.max(0, ...buckets.map(totalOf)));
  const step = buckets.length ? Math.max(0, width - LEFT) / buckets.length : 0;
  const index = (x: number) => Math.max(0, Math.min(buckets.length - 1, Math.floor((x - LEFT) / step)));
  const choose = (one: number, other: number) => {
    const range = data && span(buckets, data.interval_secs, one, other);
    if (range) onRange?.(range);
  };
  const words = data ? (of ? `${of}: ${finding(buckets)}` : finding(buckets)) : "Counting events";
  const [first] = buckets;
  const xOf = (time: string) =>
    first && data
      ? LEFT +
        Math.max(
          0,
          Math.min(buckets.length, (Date.parse(time) - Date.parse(first.start)) / (data.interval_secs * 1000)),
        ) *
          step
      : LEFT;
  return (
    <figure className="vt-figure">
      <figcaption>
        <span className="vt-finding">{words}</span>
        <span className="vt-legend">
          <i data-of="success" /> succeeded <i data-of="failure" /> failed <i data-of="unknown" /> outcome not recorded
        </span>
      </figcaption>
      <div ref={place} className="vt-chart">
        {width > 0 && (
          <svg
            width={width}
            height={HEIGHT}
            role="img"
            aria-label={`Events over time by outcome. ${words}`}
            data-brush={onRange !== undefined}
            onPointerDown={(pointer) => {
              if (!onRange || !buckets.length || pointer.button !== 0) return;
              pointer.currentTarget.setPointerCapture(pointer.pointerId);
              const at = index(pointer.nativeEvent.offsetX);
              setDrag([at, at]);
            }}
            onPointerMove={(pointer) => drag && setDrag([drag[0], index(pointer.nativeEvent.offsetX)])}
            onPointerCancel={() => setDrag(null)}
            onPointerUp={() => {
              if (drag) choose(...drag);
              setDrag(null);
            }}
          >
            <defs>
              <pattern id={hatch} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect width="4" height="4" className="vt-bar-failure" />
                <rect width="1.5" height="4" className="vt-bar-gap" />
              </pattern>
            </defs>
            {[0, 0.5, 1].map((share) => (
              <g key={share} className="vt-axis">
                <line x1={LEFT} x2={width} y1={TOP + PLOT * (1 - share)} y2={TOP + PLOT * (1 - share)} />
                <text x={LEFT - 6} y={TOP + PLOT * (1 - share) + 4} textAnchor="end">
                  {Number.isInteger(top * share) ? count(top * share) : ""}
                </text>
              </g>
            ))}
            {mark && (
              <g>
                <rect
                  className="vt-mark"
                  x={xOf(mark.from) - 2}
                  y={TOP}
                  width={Math.max(4, xOf(mark.until) - xOf(mark.from) + 4)}
                  height={PLOT}
                />
                <text
                  className="vt-mark-label"
                  x={xOf(mark.until) > width - 120 ? xOf(mark.from) - 6 : xOf(mark.until) + 6}
                  y={TOP + 11}
                  textAnchor={xOf(mark.until) > width - 120 ? "end" : "start"}
                >
                  {mark.label}
                </text>
              </g>
            )}
            {buckets.map((bucket, place) => {
              let below = 0;
              return (
                <g key={bucket.start}>
                  <title>{`${brief(bucket.start, Date.now(), false)}: ${count(totalOf(bucket))} events, ${count(bucket.failure)} failed`}</title>
                  {OUTCOMES.map((outcome) => {
                    const tall = (bucket[outcome] / top) * PLOT;
                    below += tall;
                    return tall > 0 ? (
                      <rect
                        key={outcome}
                        className={outcome === "failure" ? undefined : `vt-bar-${outcome}`}
                        fill={outcome === "failure" ? `url(#${hatch})` : undefined}
                        x={LEFT + place * step}
                        y={TOP + PLOT - below}
                        width={Math.max(1, step - (step > 4 ? 1 : 0))}
                        height={tall}
                      />
                    ) : null;
                  })}
                </g>
              );
            })}
            {ticks(buckets, Math.max(2, Math.floor(width / 90))).map((tick) => (
              <g key={tick.at} className="vt-axis">
                <line x1={LEFT + tick.at * step} x2={LEFT + tick.at * step} y1={TOP + PLOT} y2={TOP + PLOT + 4} />
                <text x={LEFT + tick.at * step} y={HEIGHT - 5} textAnchor={tick.at === 0 ? "start" : "middle"}>
                  {tick.label}
                </text>
              </g>
            ))}
            {drag && (
              <rect
                className="vt-brush"
                x={LEFT + Math.min(...drag) * step}
                y={TOP}
                width={(Math.abs(drag[1] - drag[0]) + 1) * step}
                height={PLOT}
              />
            )}
          </svg>
        )}
      </div>
      <details>
        <summary>As a table</summary>
        <Button
          size="compact-xs"
          variant="default"
          onClick={() =>
            download(
              "events-over-time.csv",
              [["start", ...OUTCOMES], ...buckets.map((one) => [one.start, ...OUTCOMES.map((of) => one[of])])]
                .map(csvLine)
                .join("\r\n"),
              "text/csv",
            )
          }
        >
          Download CSV
        </Button>
        <table className="vt-small" aria-label="Events over time">
          <thead>
            <tr>
              <th scope="col">From</th>
              {OUTCOMES.map((outcome) => (
                <th key={outcome} scope="col">
                  {outcome}
                </th>
              ))}
              {onRange && <th scope="col">Range</th>}
            </tr>
          </thead>
          <tbody>
            {buckets.map((bucket, place) =>
              totalOf(bucket) ? (
                <tr key={bucket.start}>
                  <td>{absolute(bucket.start).slice(0, 16)}</td>
                  {OUTCOMES.map((outcome) => (
                    <td key={outcome}>{count(bucket[outcome])}</td>
                  ))}
                  {onRange && (
                    <td>
                      <button type="button" className="vt-link" onClick={() => choose(place, place)}>
                        Only this
                      </button>
                    </td>
                  )}
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
