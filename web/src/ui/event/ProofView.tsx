import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ApiError, api, type Proof } from "../../api";
import { download } from "../download";
import { Facts } from "../Page";
import { ErrorState, Loading } from "../states";
import { Time, TimeOr } from "../Time";
import { count } from "../words";
import { leadsToRoot } from "./path";

/** The next checkpoint is about a second away: ask again until it is there. */
const WAIT_MS = 1_500;

export function ProofView({ position }: { position: string }) {
  const proof = useQuery({
    queryKey: ["proof", position],
    queryFn: ({ signal }) => api.proof(position, signal),
    retry: (_, error) => error instanceof ApiError && error.status === 409,
    retryDelay: WAIT_MS,
  });
  const waiting = proof.failureReason instanceof ApiError && proof.failureReason.status === 409;
  if (proof.isPending && waiting)
    return (
      <p className="vt-note">Not yet under a checkpoint. The next one is signed within seconds; this page waits.</p>
    );
  if (proof.isPending) return <Loading rows={3} />;
  if (proof.isError) return <ErrorState what="The proof could not be made" error={proof.error} retry={proof.refetch} />;
  return <ProofStory proof={proof.data} />;
}

/** The entry byte for byte: it is JSON, so its bytes are UTF-8. */
function entryText(proof: Proof): string {
  return new TextDecoder().decode(Uint8Array.from(atob(proof.leaf), (letter) => letter.charCodeAt(0)));
}

function ProofStory({ proof }: { proof: Proof }) {
  // A colon is no part of a file's name everywhere.
  const name = proof.position.replaceAll(":", "-");
  const checked = useQuery({
    queryKey: ["proof-check", proof.position, proof.root],
    queryFn: () => leadsToRoot(proof),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <p className="vt-sentence">
        {`This event is number ${count(proof.index + 1)} of ${count(proof.size)} under the checkpoint signed `}
        <TimeOr at={proof.checkpoint_time} unknown="at an unrecorded time" />
        {` by ${proof.origin}.`}
        {proof.witnesses.map((witness) => (
          <span key={witness.name}>
            {` Witnessed by ${witness.name} `}
            <Time at={witness.time} />.
          </span>
        ))}
      </p>
      <p className="vt-note" role="status">
        {checked.data === true &&
          `Checked in this browser: ${count(proof.hashes.length)} ${proof.hashes.length === 1 ? "hash leads" : "hashes lead"} from this event to the checkpoint's root. The signature is checked with the downloaded file.`}
        {checked.data === false &&
          "The hashes do NOT lead from this event to the checkpoint's root. Keep the downloaded file and tell the auditor."}
        {checked.isError && "This browser could not check the path; use the downloaded file."}
        {checked.isPending && "Checking the path in this browser."}
      </p>
      <Group gap="sm">
        <Button variant="default" onClick={() => download(`${name}.tlog-proof`, proof.tlog_proof)}>
          Download .tlog-proof
        </Button>
        <Button variant="default" onClick={() => download(`${name}.entry`, entryText(proof), "application/json")}>
          Download the entry
        </Button>
      </Group>
      <p className="vt-note">
        The entry is the event without anyone's name. With both files and the ledger's key anyone can check the proof:{" "}
        <code>{`veritrail-verify --key KEY --proof ${name}.tlog-proof --entry ${name}.entry`}</code>
      </p>
      <Facts
        facts={[
          ["Leaf hash", <code key="leaf">{proof.leaf_hash}</code>],
          ["Root", <code key="root">{proof.root}</code>],
          ["Log", proof.origin],
        ]}
      />
      <h3>Checkpoint</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by key */}
      <pre tabIndex={0}>{proof.checkpoint}</pre>
    </>
  );
}
