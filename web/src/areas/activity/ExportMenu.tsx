import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type EventQuery, queryString } from "../../api";
import { useMay } from "../../app/session";
import { JobProgress } from "../../ui/JobProgress";
import { Menu } from "../../ui/Menu";
import { ErrorState } from "../../ui/states";

/** Exports what the search finds as a job; leaving the page does not stop it. */
export function ExportMenu({ query }: { query: EventQuery }) {
  const may = useMay("exports.create");
  const start = useMutation({
    mutationFn: (format: "csv" | "ndjson") => api.createExport(queryString(query).slice(1), format),
  });
  const started = start.data?.id;
  const job = useQuery({
    queryKey: ["job", started],
    queryFn: ({ signal }) => api.job(started ?? "", signal),
    enabled: started !== undefined,
    initialData: start.data,
    refetchInterval: (asked) => (["queued", "running"].includes(asked.state.data?.state ?? "") ? 700 : false),
  });
  if (!may) return null;
  return (
    <Menu label="Export">
      {() => (
        <>
          <p className="vt-meta">Every event this search finds. The export itself is written to the own trail.</p>
          <div className="vt-actions">
            {(["csv", "ndjson"] as const).map((format) => (
              <Button key={format} size="xs" loading={start.isPending} onClick={() => start.mutate(format)}>
                {format.toUpperCase()}
              </Button>
            ))}
          </div>
          {start.isError && <ErrorState what="The export was not started" error={start.error} />}
          {job.data && <JobProgress job={job.data} />}
          {job.data && <Link to="/jobs">All jobs</Link>}
        </>
      )}
    </Menu>
  );
}
