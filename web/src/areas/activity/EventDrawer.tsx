import { Code } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api } from "../../api";
import { Drawer } from "../../ui/Drawer";
import { ErrorState, Loading } from "../../ui/states";
import { Time } from "../../ui/Time";

const show = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

export function EventDrawer({ position, onClose }: { position?: string; onClose: () => void }) {
  const event = useQuery({
    queryKey: ["event", position],
    queryFn: ({ signal }) => api.event(position ?? "", signal),
    enabled: position !== undefined,
  });
  const detail = event.data;
  return (
    <Drawer title={`Event ${position ?? ""}`} open={position !== undefined} onClose={onClose}>
      {event.isPending && <Loading />}
      {event.isError && <ErrorState what="The event could not be read" error={event.error} retry={event.refetch} />}
      {detail && (
        <>
          <p>{detail.sentence}</p>
          <dl className="vt-facts">
            <dt>Happened</dt>
            <dd>
              <Time at={detail.time} />
            </dd>
            <dt>Received</dt>
            <dd>
              <Time at={detail.received} />
            </dd>
            <dt>Actor</dt>
            <dd>{detail.actor?.label ?? "unknown, because the source named none"}</dd>
            <dt>Target</dt>
            <dd>{detail.target?.label ?? "none named"}</dd>
            <dt>Outcome</dt>
            <dd>{detail.outcome}</dd>
            <dt>Address</dt>
            <dd>{detail.address ?? "not recorded by the source"}</dd>
            <dt>Source</dt>
            <dd>{`${detail.source.title}, ${detail.stream} (${detail.vendor_type})`}</dd>
            <dt>Class</dt>
            <dd>{`${detail.class.caption}: ${detail.activity.caption}`}</dd>
            <dt>Masked</dt>
            <dd>{detail.masked_fields.join(", ") || "nothing"}</dd>
          </dl>
          {detail.changes.length > 0 && <h3>Changes</h3>}
          <ul>
            {detail.changes.map((change) => (
              <li key={change.field}>{`${change.field}: ${show(change.old)} → ${show(change.new)}`}</li>
            ))}
          </ul>
          <h3>As the source wrote it</h3>
          <Code block>{detail.raw}</Code>
        </>
      )}
    </Drawer>
  );
}
