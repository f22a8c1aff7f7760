import type { Connector } from "../../api";
import { Table } from "../../ui/Table";

/** Which acts this CRM records, and which it records nowhere: what is not recorded cannot be audited. */
export function RecordedTable({ connector }: { connector: Connector }) {
  const title = (stream: string) => connector.streams.find((one) => one.name === stream)?.title ?? stream;
  return (
    <Table
      label="What is recorded"
      rows={connector.recorded}
      id={(one) => one.act}
      columns={[
        { title: "Act", cell: (one) => one.act },
        { title: "Recorded in", cell: (one) => (one.stream ? `✓ ${title(one.stream)}` : "✕ nowhere") },
        { title: "Note", cell: (one) => one.note || "none" },
      ]}
    />
  );
}
