import { useQuery } from "@tanstack/react-query";
import { api, type Digest } from "../../api";
import { useScreen } from "../../app/screen";
import { Drawer } from "../../ui/Drawer";
import { Part } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { counted } from "../../ui/words";

const COLUMNS: Column<Digest>[] = [
  { title: "Day", cell: (one) => one.day },
  { title: "Who", cell: (one) => people(one) },
  { title: "Changes", narrow: true, numeric: true, cell: (one) => one.changes },
  { title: "Reads", narrow: true, numeric: true, cell: (one) => one.reads },
  { title: "Refused", narrow: true, numeric: true, cell: (one) => one.refused },
  { title: "Mailed to", narrow: true, cell: (one) => counted(one.mailed, "auditor") },
];

const people = (digest: Digest) =>
  digest.people.map((one) => one.member?.name ?? "the host's command line").join(", ") || "nobody";

/** The daily digests: one a day, also of days on which nothing was done. */
export function Digests() {
  const { screen, change } = useScreen();
  const digests = useQuery({ queryKey: ["digests"], queryFn: ({ signal }) => api.digests(signal) });
  const opened = digests.data?.items.find((one) => one.day === screen.open);
  return (
    <Part title="Daily digests">
      {digests.isPending && <Loading />}
      {digests.isError && (
        <ErrorState what="The digests could not be read" error={digests.error} retry={digests.refetch} />
      )}
      {digests.data?.items.length === 0 && (
        <EmptyState title="No digest yet">The first is made after midnight, of the day before (UTC).</EmptyState>
      )}
      {digests.data && digests.data.items.length > 0 && (
        <Table
          label="Daily digests"
          columns={COLUMNS}
          rows={digests.data.items}
          id={(one) => one.day}
          selected={screen.open}
          onOpen={(open) => change({ open })}
        />
      )}
      <Drawer
        title={`Digest of ${opened?.day ?? ""}`}
        open={opened !== undefined}
        onClose={() => change({ open: undefined })}
      >
        {opened && (
          <>
            <p className="vt-meta">
              {"Made "}
              <Time at={opened.made} />
              {`, mailed to ${counted(opened.mailed, "auditor")}.`}
            </p>
            {opened.people.map((one) => (
              <Part key={one.member?.id ?? "host"} title={one.member?.name ?? "The host's command line"}>
                <Table
                  label={`Acts of ${one.member?.name ?? "the host's command line"}`}
                  rows={one.acts}
                  id={(act) => act.operation}
                  columns={[
                    { title: "Operation", cell: (act) => <code>{act.operation}</code> },
                    { title: "Kind", narrow: true, cell: (act) => (act.change ? "change" : "read") },
                    { title: "Done", narrow: true, numeric: true, cell: (act) => act.succeeded },
                    { title: "Refused", narrow: true, numeric: true, cell: (act) => act.failed },
                  ]}
                />
              </Part>
            ))}
          </>
        )}
      </Drawer>
    </Part>
  );
}
