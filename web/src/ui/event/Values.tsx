import type { EventDetail, FieldClass } from "../../api";
import { shown } from "../words";
import { RevealButton, Standing } from "./Reveal";

type Props = { event: EventDetail; may: boolean };

const STRICTNESS: FieldClass[] = ["public", "internal", "personal", "sensitive"];

/** Old and new values of the fields that were changed, each with its class and how it stands for the reader. */
export function Changes({ event, may }: Props) {
  if (event.changes.length === 0) return <p className="vt-muted">The source recorded no changed fields.</p>;
  return (
    <table className="vt-small" aria-label="Changed fields">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
          <th scope="col">Class</th>
        </tr>
      </thead>
      <tbody>
        {event.changes.map((change, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a field may have been changed twice in one record
          <tr key={`${change.field} ${at}`}>
            <th scope="row">{change.field}</th>
            <td>{shown(change.old)}</td>
            <td>{shown(change.new)}</td>
            <td>
              {`${change.class} `}
              <Standing
                position={event.position}
                name={change.field}
                field={`changes.${change.field}`}
                value={change}
                may={may}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The members of the raw record, each with its class and how it stands for the reader. */
export function RawFields({ event, may }: Props) {
  if (event.raw_fields.length === 0) return <RawLine event={event} may={may} />;
  const masked = event.raw_fields.filter((one) => one.state === "masked").map((one) => one.class);
  const strictest = STRICTNESS.findLast((one) => masked.includes(one));
  return (
    <>
      <table className="vt-small" aria-label="Fields of the record">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
            <th scope="col">Class</th>
          </tr>
        </thead>
        <tbody>
          {event.raw_fields.map((one) => (
            <tr key={one.field}>
              <th scope="row">{one.field}</th>
              <td>{shown(one.value)}</td>
              <td>
                {`${one.class} `}
                <Standing position={event.position} name={one.field} field={`raw.${one.field}`} value={one} may={may} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {may && strictest && masked.length > 1 && (
        <RevealButton position={event.position} name="the whole record" field="raw" kind={strictest} />
      )}
    </>
  );
}

/** A record that is no JSON is one value; to those who may not see records it is always that. */
function RawLine({ event, may }: Props) {
  const value = { state: event.raw_state, class: "personal" as const, until: event.raw_until };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by key */}
      <pre tabIndex={0}>{event.raw}</pre>
      <Standing position={event.position} name="the record" field="raw" value={value} may={may} />
    </>
  );
}
