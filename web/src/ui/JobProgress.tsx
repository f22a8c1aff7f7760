import { API_ROOT, type Job } from "../api";
import { count } from "./words";

/** How far a job is, in words and as a bar, and its file when done. */
export function JobProgress({ job }: { job: Job }) {
  const words = {
    queued: "Waiting to start.",
    running: `${count(job.done)}${job.total === null ? "" : ` of ${count(job.total)}`} done.`,
    done: `Done: ${count(job.done)}.`,
    failed: `Failed: ${job.error ?? "the server gave no reason"}.`,
    cancelled: "Cancelled.",
  }[job.state];
  return (
    <div className="vt-job" data-state={job.state}>
      {(job.state === "running" || job.state === "queued") && (
        <progress aria-label="Progress" value={job.total ? job.done : undefined} max={job.total ?? undefined} />
      )}
      <span role="status">{words}</span>
      {job.state === "done" && job.file !== null && (
        <a href={`${API_ROOT}/jobs/${encodeURIComponent(job.id)}/file`} download>
          Download
        </a>
      )}
    </div>
  );
}
