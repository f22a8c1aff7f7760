import { Link } from "@tanstack/react-router";
import type { Event } from "../../api";
import type { Column } from "../Table";
import { Time } from "../Time";
import { count } from "../words";

/** Everything a list of events can show; `what` always stays. */
export const EVENT_COLUMNS: (Column<Event> & { id: string })[] = [
  { id: "what", title: "What happened", cell: (event) => event.sentence },
  { id: "when", title: "When", cell: (event) => <Time at={event.time} /> },
  { id: "who", title: "Who", cell: (event) => <Who event={event} /> },
  { id: "outcome", title: "Outcome", cell: (event) => <Outcome event={event} /> },
  { id: "source", title: "Source", cell: (event) => event.source.title },
  { id: "activity", title: "Activity", cell: (event) => event.activity.caption },
  { id: "target", title: "Record", cell: (event) => event.target?.label ?? "none named" },
  { id: "address", title: "Address", cell: (event) => event.address ?? "not recorded" },
  { id: "rows", title: "Rows", numeric: true, cell: (event) => (event.rows === null ? "unknown" : count(event.rows)) },
  { id: "position", title: "Position", cell: (event) => <code>{event.position}</code> },
];

export const USUAL_COLUMNS = ["what", "when", "who", "outcome", "source"];

export function Who({ event }: { event: Pick<Event, "actor"> }) {
  const actor = event.actor;
  if (!actor) return <span className="vt-muted">unknown, because the source named none</span>;
  const stop = (click: { stopPropagation: () => void }) => click.stopPropagation();
  return actor.person ? (
    <Link to="/persons/$id" params={{ id: actor.person.id }} onClick={stop}>
      {actor.person.name}
    </Link>
  ) : (
    <Link to="/subjects/$id" params={{ id: actor.subject }} onClick={stop}>
      {actor.label}
    </Link>
  );
}

const SHAPES = { success: "✓", failure: "✕", unknown: "?" } as const;

export function Outcome({ event }: { event: Pick<Event, "outcome"> }) {
  return (
    <span className="vt-outcome" data-outcome={event.outcome}>
      <span aria-hidden="true">{SHAPES[event.outcome]}</span> {event.outcome}
    </span>
  );
}
