import type { StreamHealth } from "../../api";
import { EmptyState } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time, TimeOr } from "../../ui/Time";
import { count } from "../../ui/words";

const COLUMNS: Column<StreamHealth>[] = [
  { title: "Stream", cell: (stream) => stream.title },
  {
    title: "Last received",
    narrow: true,
    cell: (stream) => <TimeOr at={stream.last_received} unknown="nothing yet" />,
  },
  { title: "Newest event", narrow: true, cell: (stream) => <TimeOr at={stream.last_event} unknown="none yet" /> },
  {
    title: "Last asked",
    cell: (stream) => <TimeOr at={stream.last_polled} unknown="never: it is pushed or imported" />,
  },
  { title: "Events", numeric: true, cell: (stream) => count(stream.events) },
  { title: "Duplicates", numeric: true, cell: (stream) => count(stream.duplicates) },
  { title: "In quarantine", numeric: true, cell: (stream) => count(stream.quarantined) },
  {
    title: "Trouble",
    cell: (stream) =>
      stream.trouble ? (
        <span className="vt-health" data-status="trouble">
          {`▲ ${stream.trouble} `}
          {stream.trouble_since && <Time at={stream.trouble_since} ageOnly />}
        </span>
      ) : (
        "none"
      ),
  },
];

export function Streams({ streams }: { streams: StreamHealth[] }) {
  if (streams.length === 0)
    return <EmptyState title="No stream yet">Streams appear with the first record this source sends.</EmptyState>;
  return <Table label="Streams" columns={COLUMNS} rows={streams} id={(stream) => stream.stream} />;
}
