import { Button } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Quarantined } from "../../api";
import { useMay } from "../../app/session";
import { Listing } from "../../ui/Listing";
import { EmptyState, ErrorState } from "../../ui/states";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { bytes, counted } from "../../ui/words";

/** Records that could not be read. They are kept sealed; after a fix they are read again. */
export function Quarantine({ source }: { source: string }) {
  const mayReplay = useMay("quarantine.replay");
  const cache = useQueryClient();
  const records = useInfiniteQuery({
    queryKey: ["quarantine", source],
    queryFn: ({ pageParam, signal }) => api.quarantine(source, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const replay = useMutation({
    mutationFn: (record: string) => api.replay(record),
    onSettled: () => {
      for (const name of ["quarantine", "source"]) void cache.invalidateQueries({ queryKey: [name] });
    },
  });
  const columns: Column<Quarantined>[] = [
    { title: "Why", cell: (record) => record.reason.message },
    { title: "Field", cell: (record) => record.reason.field ?? "the whole record" },
    { title: "Stream", cell: (record) => record.stream },
    { title: "Came from", cell: (record) => record.origin },
    { title: "Received", narrow: true, cell: (record) => <Time at={record.received} /> },
    { title: "Size", narrow: true, numeric: true, cell: (record) => bytes(record.size_bytes) },
    { title: "Fields (values masked)", cell: (record) => <code>{record.structure.join(", ") || "not readable"}</code> },
    {
      title: "Replay",
      cell: (record) =>
        record.replayed ? (
          <>
            {"read "}
            <Time at={record.replayed} ageOnly />
          </>
        ) : mayReplay ? (
          <Button
            size="compact-xs"
            variant="default"
            loading={replay.isPending && replay.variables === record.id}
            onClick={() => replay.mutate(record.id)}
          >
            Read again
          </Button>
        ) : (
          "waiting"
        ),
    },
  ];
  const result = replay.data;
  return (
    <>
      {replay.isError && <ErrorState what="The record was not read again" error={replay.error} />}
      {result && (
        <p className="vt-note" role="status">
          {result.refused
            ? `Still refused: ${result.refused.message}`
            : `Read: ${counted(result.events, "event")}, ${counted(result.duplicates, "duplicate")}.`}
        </p>
      )}
      <Listing
        of="records in quarantine"
        query={records}
        columns={columns}
        id={(record) => record.id}
        empty={<EmptyState title="Nothing is in quarantine">Every record this source sent could be read.</EmptyState>}
      />
    </>
  );
}
