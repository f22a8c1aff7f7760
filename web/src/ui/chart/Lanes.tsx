import type { Event } from "../../api";
import { absolute, brief } from "../time";
import { counted } from "../words";
import { lanesOf } from "./grouping";
import { useWidth } from "./width";

const [LEFT, ROW] = [150, 22];

type Props = { events: Event[]; onOpen: (position: string) => void };

/** What was done in what order, one lane per session or source; the list below holds the same events for reading by key. */
export function Lanes({ events, onOpen }: Props) {
  const [place, width] = useWidth();
  const lanes = lanesOf(events);
  const times = events.map((event) => Date.parse(event.time));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const left = width < 480 ? 90 : LEFT;
  const x = (time: string) => left + 6 + ((Date.parse(time) - first) / Math.max(1, last - first)) * (width - left - 14);
  const height = lanes.length * ROW + 22;
  return (
    <figure className="vt-figure">
      <figcaption>
        <span className="vt-finding">{`${counted(events.length, "event")} in order, ${lanes.length === 1 ? "one lane" : `a lane for each of ${lanes.length} sessions and sources`}; oldest left`}</span>
      </figcaption>
      <div ref={place} className="vt-lanes" data-lanes={lanes.length}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label="Events in order, a lane per session">
            {lanes.map((lane, row) => (
              <g key={lane.name}>
                <text className="vt-tick" x={0} y={row * ROW + 15}>
                  <title>{lane.name}</title>
                  {lane.name.length > left / 7 ? `${lane.name.slice(0, Math.floor(left / 7))}…` : lane.name}
                </text>
                <line className="vt-lane" x1={left} x2={width} y1={row * ROW + 11} y2={row * ROW + 11} />
                {lane.events.map((event) => (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the list below opens the same events by key
                  <g key={event.position} className="vt-dot" onClick={() => onOpen(event.position)}>
                    <title>{`${absolute(event.time)}: ${event.sentence}`}</title>
                    {event.outcome === "failure" ? (
                      <rect className="vt-bar-failure" x={x(event.time) - 4} y={row * ROW + 7} width={8} height={8} />
                    ) : (
                      <circle className={`vt-bar-${event.outcome}`} cx={x(event.time)} cy={row * ROW + 11} r={4} />
                    )}
                  </g>
                ))}
              </g>
            ))}
            <text className="vt-tick" x={left} y={height - 4}>
              {brief(new Date(first).toISOString(), Date.now(), false)}
            </text>
            <text className="vt-tick" x={width} y={height - 4} textAnchor="end">
              {brief(new Date(last).toISOString(), Date.now(), false)}
            </text>
          </svg>
        )}
      </div>
    </figure>
  );
}
