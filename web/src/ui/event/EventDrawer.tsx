import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type EventDetail } from "../../api";
import { CopyButton } from "../CopyField";
import { Drawer } from "../Drawer";
import { useKeys } from "../keys";
import { ErrorState, Loading } from "../states";
import { shown } from "../words";
import { EventFacts } from "./EventFacts";
import { ProofView } from "./ProofView";

type Props = { position?: string; onClose: () => void; canProve: boolean };

export function EventDrawer({ position, onClose, canProve }: Props) {
  return (
    <Drawer title={`Event ${position ?? ""}`} open={position !== undefined} onClose={onClose}>
      {position && <EventStory position={position} canProve={canProve} />}
    </Drawer>
  );
}

function EventStory({ position, canProve }: { position: string; canProve: boolean }) {
  const [tab, setTab] = useState<string | null>("event");
  const event = useQuery({
    queryKey: ["event", position],
    queryFn: ({ signal }) => api.event(position, signal),
  });
  useKeys(canProve ? { e: () => setTab("proof") } : {});
  if (event.isPending) return <Loading />;
  if (event.isError) return <ErrorState what="The event could not be read" error={event.error} retry={event.refetch} />;
  const detail = event.data;
  return (
    <>
      <p className="vt-sentence">{detail.sentence}</p>
      {detail.erased && (
        <p className="vt-note">The person in this event was erased: the values are gone, the proof stays.</p>
      )}
      <CopyButton label="link to this event" value={`${window.location.origin}/activity?open=${detail.position}`}>
        Copy the link
      </CopyButton>
      <Tabs value={tab} onChange={setTab} keepMounted={false} mt="sm">
        <Tabs.List>
          <Tabs.Tab value="event">Event</Tabs.Tab>
          <Tabs.Tab value="changes">{`Changes (${detail.changes.length})`}</Tabs.Tab>
          <Tabs.Tab value="raw">Record</Tabs.Tab>
          {canProve && <Tabs.Tab value="proof">Proof</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="event">
          <EventFacts event={detail} />
        </Tabs.Panel>
        <Tabs.Panel value="changes">
          <Changes event={detail} />
        </Tabs.Panel>
        <Tabs.Panel value="raw">
          <Masked fields={detail.masked_fields} />
          <h3>As the source wrote it</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by key */}
          <pre tabIndex={0}>{detail.raw}</pre>
          <h3>Normalised (OCSF)</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by key */}
          <pre tabIndex={0}>{JSON.stringify(detail.ocsf, null, 2)}</pre>
        </Tabs.Panel>
        {canProve && (
          <Tabs.Panel value="proof">
            <ProofView position={position} />
          </Tabs.Panel>
        )}
      </Tabs>
    </>
  );
}

function Changes({ event }: { event: EventDetail }) {
  if (event.changes.length === 0) return <p className="vt-muted">The source recorded no changed fields.</p>;
  return (
    <>
      <Masked fields={event.masked_fields} />
      <table className="vt-small" aria-label="Changed fields">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {event.changes.map((change) => (
            <tr key={change.field}>
              <th scope="row">{change.field}</th>
              <td>{shown(change.old)}</td>
              <td>{shown(change.new)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Masked({ fields }: { fields: string[] }) {
  if (fields.length === 0) return null;
  return (
    <p className="vt-note">
      {`Personal values are masked (•••): ${fields.join(", ")}. They are kept sealed; what you see is what your role may see.`}
    </p>
  );
}
