import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { EventPage } from "../../api";
import { Lanes } from "../chart/Lanes";
import { Listing } from "../Listing";
import { EmptyState } from "../states";
import { COLUMNS_OF_ONE, EVENT_COLUMNS, USUAL_COLUMNS } from "./columns";
import { EventDrawer } from "./EventDrawer";

type Props = {
  query: UseInfiniteQueryResult<{ pages: EventPage[] }>;
  open?: string;
  onOpen: (position: string | undefined) => void;
  canProve: boolean;
  canReveal: boolean;
  /** All of one account or person. */
  ofOne?: boolean;
  empty: string;
};

/** The same events twice: in lanes to see the order, in a list to read. */
export function EventStream({ query, open, onOpen, canProve, canReveal, ofOne, empty }: Props) {
  const events = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      {events.length > 1 && <Lanes events={events} onOpen={onOpen} />}
      <Listing
        of="events"
        query={query}
        columns={EVENT_COLUMNS.filter((column) => (ofOne ? COLUMNS_OF_ONE : USUAL_COLUMNS).includes(column.id))}
        id={(event) => event.position}
        selected={open}
        onOpen={onOpen}
        empty={<EmptyState title="No events in this range">{empty}</EmptyState>}
      />
      <EventDrawer position={open} onClose={() => onOpen(undefined)} canProve={canProve} canReveal={canReveal} />
    </>
  );
}
