import { Link } from "@tanstack/react-router";
import type { Event } from "../../api";
import type { Column } from "../Table";
import { Time } from "../Time";
import { count } from "../words";

/** Everything a list of events can show; `what` always stays. */
export const EVENT_COLUMNS: (Column<Event> & { id: string })[] = [
  { id: "when", title: "When", narrow: true, cell: (event) => <Time at={event.time} /> },
  { id: "what", title: "What happened", main: true, cell: (event) => event.sentence },
  { id: "who", title: "Who", narrow: true, cell: (event) => <Who event={event} /> },
  { id: "outcome", title: "Outcome", narrow: true, cell: (event) => <Outcome event={event} /> },
  { id: "source", title: "Source", narrow: true, cell: (event) => event.source.title },
  { id: "activity", title: "Activity", narrow: true, cell: (event) => event.activity.caption },
  { id: "target", title: "Record", cell: (event) => event.target?.label ?? "none named" },
  { id: "address", title: "Address", narrow: true, cell: (event) => event.address ?? "not recorded" },
  {
    id: "rows",
    title: "Rows",
    numeric: true,
    narrow: true,
    cell: (event) => (event.rows === null ? "unknown" : count(event.rows)),
  },
  { id: "position", title: "Position", narrow: true, cell: (event) => <code>{event.position}</code> },
];

export const USUAL_COLUMNS = ["when", "what", "who", "outcome", "source"];
/** Where everything is about one account, naming it in each row says nothing. */
export const COLUMNS_OF_ONE = ["when", "what", "outcome", "address", "source"];

export function Who({ event }: { event: Pick<Event, "actor"> }) {
  const actor = event.actor;
  if (!actor)
    return (
      <span className="vt-muted" title="The source named nobody">
        unknown, none named
      </span>
    );
  const stop = (click: { stopPropagation: () => void }) => click.stopPropagation();
  return actor.person ? (
    <Link className="vt-clip" to="/persons/$id" params={{ id: actor.person.id }} onClick={stop}>
      {actor.person.name}
    </Link>
  ) : (
    <Link className="vt-clip" title={actor.label} to="/subjects/$id" params={{ id: actor.subject }} onClick={stop}>
      {actor.label}
    </Link>
  );
}

const SHAPES = { success: "✓", failure: "✕", unknown: "–" } as const;

export function Outcome({ event }: { event: Pick<Event, "outcome"> }) {
  return (
    <span
      className="vt-outcome"
      data-outcome={event.outcome}
      title={
        event.outcome === "unknown" ? "Unknown, because the source does not record whether it succeeded" : undefined
      }
    >
      <span aria-hidden="true">{SHAPES[event.outcome]}</span> {event.outcome}
    </span>
  );
}
