import { count, counted } from "../words";
import { useWidth } from "./width";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const [LEFT, TOP, ROW] = [36, 4, 20];

/** Which cell of the week an instant falls into, in a zone: Monday 00 is 0. */
export function hourOfWeek(at: Date, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    hourCycle: "h23",
  });
  const of = (type: string) => parts.formatToParts(at).find((part) => part.type === type)?.value ?? "";
  return DAYS.indexOf(of("weekday")) * 24 + Number(of("hour"));
}

type Props = {
  zone: string;
  cells: number[];
  peers: number[];
  /** The outlined hour, and what it is: "now", "the alert". */
  outlined: { at: Date; label: string };
  /** Told of the outlined hour instead of the whole week. */
  aboutHour?: boolean;
};

function Legend({ label, zone }: { label: string; zone: string }) {
  return (
    <span className="vt-legend">
      <i data-of="own" /> own events <i data-of="peer" /> average of a peer <i data-of="now" /> {label} · times in{" "}
      {zone}
    </span>
  );
}

/** Holds the picture's place while it is read, so that nothing below moves. */
export function WeekToCome({ label }: { label: string }) {
  return (
    <figure className="vt-figure">
      <figcaption>
        <span className="vt-finding">Reading when they work</span>
        <Legend label={label} zone="the zone of the person" />
      </figcaption>
      <div className="vt-week" />
      <details>
        <summary>As a table</summary>
      </details>
    </figure>
  );
}

/** When someone works: hour by weekday, shade for own events, the ring for what a peer does on average; one hour is outlined. */
export function Week({ zone, cells, peers, outlined, aboutHour = false }: Props) {
  const [place, width] = useWidth();
  const step = Math.max(0, width - LEFT) / 24;
  const top = Math.max(1, ...cells);
  const topPeer = Math.max(1e-9, ...peers);
  const current = hourOfWeek(outlined.at, zone);
  const outside = cells.reduce((sum, value, cell) => sum + ((peers[cell] ?? 0) === 0 ? value : 0), 0);
  const all = cells.reduce((sum, value) => sum + value, 0);
  const hour = `${DAYS[Math.floor(current / 24)]} ${String(current % 24).padStart(2, "0")}:00`;
  const here = `${hour}: ${counted(cells[current] ?? 0, "event")}, ${(peers[current] ?? 0).toFixed(1)} of an average peer`;
  const whole = all
    ? outside
      ? `${count(outside)} of ${count(all)} events are in hours when no peer works`
      : `All ${count(all)} events are in hours when peers work too`
    : "No events in this time";
  const words = aboutHour ? here : whole;
  return (
    <figure className="vt-figure">
      <figcaption>
        <span className="vt-finding">{words}</span>
        <Legend label={outlined.label} zone={zone} />
      </figcaption>
      <div ref={place} className="vt-week">
        {width > 0 && (
          <svg
            width={width}
            height={TOP + 7 * ROW + 18}
            role="img"
            aria-label={`Events by weekday and hour, times in ${zone}. ${words}`}
          >
            {DAYS.map((day, row) => (
              <text key={day} className="vt-tick" x={0} y={TOP + row * ROW + 14}>
                {day}
              </text>
            ))}
            {Array.from({ length: 168 }, (_, cell) => {
              const [row, hour] = [Math.floor(cell / 24), cell % 24];
              const own = cells[cell] ?? 0;
              const peer = peers[cell] ?? 0;
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place in the week
                <g key={cell}>
                  <title>{`${DAYS[row]} ${hour}:00: ${count(own)} own, ${peer.toFixed(1)} per peer`}</title>
                  <rect
                    className="vt-cell"
                    data-now={cell === current}
                    x={LEFT + hour * step}
                    y={TOP + row * ROW}
                    width={Math.max(1, step - 2)}
                    height={ROW - 2}
                    fillOpacity={own ? 0.2 + 0.8 * (own / top) : 0.04}
                  />
                  {peer > 0 && (
                    <circle
                      className="vt-peer"
                      data-on-dark={own / top > 0.45}
                      cx={LEFT + hour * step + (step - 2) / 2}
                      cy={TOP + row * ROW + ROW / 2 - 1}
                      r={Math.min(step / 2 - 1, 2 + 4 * (peer / topPeer))}
                    />
                  )}
                </g>
              );
            })}
            {[0, 6, 12, 18].map((hour) => (
              <text key={hour} className="vt-tick" x={LEFT + hour * step} y={TOP + 7 * ROW + 14}>
                {`${String(hour).padStart(2, "0")}:00`}
              </text>
            ))}
          </svg>
        )}
      </div>
      <details>
        <summary>As a table</summary>
        <table className="vt-small" aria-label="Events by weekday and hour">
          <thead>
            <tr>
              <th scope="col">Hour</th>
              <th scope="col">Own events</th>
              <th scope="col">Average per peer</th>
            </tr>
          </thead>
          <tbody>
            {cells.map((own, cell) =>
              own || peers[cell] ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place in the week
                <tr key={cell}>
                  <td>{`${DAYS[Math.floor(cell / 24)]} ${cell % 24}:00`}</td>
                  <td>{count(own)}</td>
                  <td>{(peers[cell] ?? 0).toFixed(1)}</td>
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
