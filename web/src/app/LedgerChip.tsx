import { useQuery } from "@tanstack/react-query";
import { api } from "../api";

/** A checkpoint older than this while records wait for one means sealing has fallen behind. */
const LATE_SECS = 60;

export function LedgerChip() {
  const ledgers = useQuery({
    queryKey: ["ledgers"],
    queryFn: ({ signal }) => api.ledgers(signal),
    refetchInterval: 10_000,
    retry: false,
  });
  if (ledgers.isError) return <span className="vt-chip">ledger state unknown: it could not be read</span>;
  const activity = ledgers.data?.items.find((ledger) => ledger.name === "activity");
  if (!activity) return null;
  const checkpoint = activity.checkpoint;
  if (!checkpoint) return <span className="vt-chip">no checkpoint yet</span>;
  const late = activity.pending > 0 && checkpoint.age_secs > LATE_SECS;
  return (
    <span className="vt-chip" data-late={late} title={`${checkpoint.size} records, root ${checkpoint.root}`}>
      {`checkpoint ${Math.round(checkpoint.age_secs)} s ago${late ? `, late: ${activity.pending} records wait` : ""}`}
    </span>
  );
}
