import { Link } from "@tanstack/react-router";
import type { EventDetail } from "../../api";
import { Facts } from "../Page";
import { Time } from "../Time";
import { bytes, count } from "../words";
import { Outcome, Who } from "./columns";

/** The zone of the place where it happened, when the source said: "UTC+01:00". */
export function zoneOf(minutes: number | null): string {
  if (minutes === null) return "unknown, because the source did not say";
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, "0");
  return `UTC${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

export function EventFacts({ event }: { event: EventDetail }) {
  return (
    <Facts
      facts={[
        ["Happened", <Time key="time" at={event.time} />],
        ["Zone there", zoneOf(event.offset_minutes)],
        ["Time is", event.time_confidence],
        ["Received", <Time key="received" at={event.received} />],
        ["Who", <Who key="who" event={event} />],
        ["Department", event.actor?.department?.name ?? "unknown, because no person is linked"],
        [
          "Record",
          event.target ? (
            <Link key="target" to="/subjects/$id" params={{ id: event.target.subject }}>
              {`${event.target.label} (${event.target.object_type})`}
            </Link>
          ) : (
            "none named by the source"
          ),
        ],
        ["Outcome", <Outcome key="outcome" event={event} />],
        ["Reason", event.reason ?? "none given by the source"],
        ["Address", event.address ?? "not recorded by the source"],
        ["Program", event.user_agent ?? "not recorded by the source"],
        ["Session", event.session ? <code key="session">{event.session}</code> : "not recorded by the source"],
        ["Rows", event.rows === null ? "not recorded by the source" : count(event.rows)],
        ["Size", event.bytes === null ? "not recorded by the source" : bytes(event.bytes)],
        ["Source", `${event.source.title}, ${event.stream} (${event.vendor_type})`],
        ["Class", `${event.class.caption}: ${event.activity.caption}`],
        ["Position", <code key="position">{event.position}</code>],
        ["Read by", `${event.normaliser}, schema ${event.schema_version}`],
        ...(event.corrects ? ([["Corrects", event.corrects]] as [string, string][]) : []),
      ]}
    />
  );
}
