import { useQuery } from "@tanstack/react-query";
import { api } from "../api";
import { useNow } from "../ui/now";
import { count } from "../ui/words";
import { useRenewal } from "./live";
import { useMay } from "./session";

/** A checkpoint older than this while records wait for one means sealing has fallen behind. */
const LATE_SECS = 60;

export function LedgerChip() {
  const may = useMay("ledgers.list");
  const now = useNow();
  const renewal = useRenewal();
  const ledgers = useQuery({
    queryKey: ["ledgers"],
    queryFn: ({ signal }) => api.ledgers(signal),
    refetchInterval: renewal,
    retry: false,
    enabled: may,
  });
  if (!may) return null;
  if (ledgers.isError) return <span className="vt-chip">ledger state unknown: it could not be read</span>;
  const activity = ledgers.data?.items.find((ledger) => ledger.name === "activity");
  if (!activity) return <span className="vt-chip">reading the ledger</span>;
  const checkpoint = activity.checkpoint;
  if (!checkpoint) return <span className="vt-chip">no checkpoint yet</span>;
  const age = checkpoint.age_secs + Math.max(0, now - ledgers.dataUpdatedAt) / 1000;
  const late = activity.pending > 0 && age > LATE_SECS;
  const unconfirmed = activity.witness?.behind_since
    ? ", witnesses are behind"
    : activity.time_stamp?.behind_since
      ? ", time-stamps are behind"
      : "";
  return (
    <span
      className="vt-chip"
      data-late={late || unconfirmed !== ""}
      title={`${count(checkpoint.size)} records, root ${checkpoint.root}`}
    >
      {`checkpoint ${spoken(age)} ago${late ? `, late: ${count(activity.pending)} records wait` : ""}${unconfirmed}`}
    </span>
  );
}

function spoken(secs: number): string {
  if (secs < 120) return `${Math.round(secs)} s`;
  if (secs < 7_200) return `${Math.round(secs / 60)} min`;
  return `${Math.round(secs / 3_600)} h`;
}
