import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api";
import { CopyButton } from "../CopyField";
import { Drawer } from "../Drawer";
import { useKeys } from "../keys";
import { ErrorState, Loading } from "../states";
import { EventFacts } from "./EventFacts";
import { ProofView } from "./ProofView";
import { nextLook } from "./revealing";
import { Changes, RawFields } from "./Values";

type Props = { position?: string; onClose: () => void; canProve: boolean; canReveal: boolean };

export function EventDrawer({ position, onClose, canProve, canReveal }: Props) {
  return (
    <Drawer title={`Event ${position ?? ""}`} open={position !== undefined} onClose={onClose}>
      {position && <EventStory position={position} canProve={canProve} canReveal={canReveal} />}
    </Drawer>
  );
}

type Story = { position: string; canProve: boolean; canReveal: boolean };

function EventStory({ position, canProve, canReveal }: Story) {
  const [tab, setTab] = useState<string | null>("event");
  const event = useQuery({
    queryKey: ["event", position],
    queryFn: ({ signal }) => api.event(position, signal),
    // What was revealed goes from the screen when its time is over, and is kept nowhere once the drawer is closed.
    refetchInterval: (query) => nextLook(query.state.data, Date.now()),
    refetchIntervalInBackground: true,
    gcTime: 0,
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
          <Masked fields={detail.masked_fields} />
          <Changes event={detail} may={canReveal} />
        </Tabs.Panel>
        <Tabs.Panel value="raw">
          <Masked fields={detail.masked_fields} />
          <h3>As the source wrote it</h3>
          <RawFields event={detail} may={canReveal} />
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

function Masked({ fields }: { fields: string[] }) {
  if (fields.length === 0) return null;
  return (
    <p className="vt-note">
      {`Masked (•••): ${fields.join(", ")}. They are kept sealed; what you see goes by your role, the class of each field and what was revealed to you.`}
    </p>
  );
}
