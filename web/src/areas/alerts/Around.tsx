import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type AlertDetail, api, type EventQuery } from "../../api";
import { useMay } from "../../app/session";
import { Histogram } from "../../ui/chart/Histogram";
import { Week, WeekToCome } from "../../ui/chart/Week";
import { ErrorState } from "../../ui/states";

/** So much before and after is shown around an alert. */
const AROUND_MS = 12 * 3_600_000;
const OUTLINED = "hour of this alert";
/** The heat map needs weeks to say anything. */
const PATTERN_FROM = "-30d";

const shifted = (time: string, by: number) => new Date(Date.parse(time) + by).toISOString();

/** The account's events before, during and after; a drag opens that time in Activity. */
export function Around({ alert }: { alert: AlertDetail }) {
  const may = useMay("events.search");
  const navigate = useNavigate();
  const { actor } = alert;
  const query: EventQuery = {
    from: shifted(alert.first, -AROUND_MS),
    until: shifted(alert.last, AROUND_MS),
    filter: actor
      ? [actor.person ? `person:${actor.person.id}` : `actor:${actor.subject}`]
      : [`source:${alert.source.id}`],
  };
  const histogram = useQuery({
    queryKey: ["histogram", query],
    queryFn: ({ signal }) => api.histogram(query, signal),
    enabled: may,
  });
  if (!may) return null;
  if (histogram.isError)
    return (
      <ErrorState what="The events around it could not be counted" error={histogram.error} retry={histogram.refetch} />
    );
  return (
    <Histogram
      data={histogram.data}
      of={actor ? (actor.person?.name ?? actor.label) : alert.source.title}
      mark={{ from: alert.first, until: alert.last, label: "this alert" }}
      onRange={(range) => void navigate({ to: "/activity", search: { ...range, filter: query.filter } })}
    />
  );
}

/** When this person works, with the hour of the alert outlined. */
export function Hours({ alert }: { alert: AlertDetail }) {
  const may = useMay("persons.read");
  const person = alert.actor?.person?.id;
  const pattern = useQuery({
    queryKey: ["pattern", person],
    queryFn: ({ signal }) => api.pattern(person ?? "", PATTERN_FROM, signal),
    enabled: may && person !== undefined,
  });
  if (!may || person === undefined) return null;
  if (pattern.isError)
    return <ErrorState what="The working hours could not be read" error={pattern.error} retry={pattern.refetch} />;
  if (!pattern.data) return <WeekToCome label={OUTLINED} />;
  return <Week {...pattern.data} outlined={{ at: new Date(alert.first), label: OUTLINED }} aboutHour />;
}
