import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type EventQuery, queryString } from "../../api";
import { useMay } from "../../app/session";
import { JobProgress } from "../../ui/JobProgress";
import { Menu } from "../../ui/Menu";
import { ErrorState } from "../../ui/states";

type What = "csv" | "ndjson" | "evidence";

/** Takes away what the search finds, as a job; leaving the page does not stop it. */
export function ExportMenu({ query }: { query: EventQuery }) {
  const mayExport = useMay("exports.create");
  const mayPack = useMay("evidence.create");
  const start = useMutation({
    mutationFn: (what: What) => {
      const asked = queryString(query).slice(1);
      return what === "evidence" ? api.createEvidence(asked) : api.createExport(asked, what);
    },
  });
  const started = start.data?.id;
  const job = useQuery({
    queryKey: ["job", started],
    queryFn: ({ signal }) => api.job(started ?? "", signal),
    enabled: started !== undefined,
    initialData: start.data,
    refetchInterval: (asked) => (["queued", "running"].includes(asked.state.data?.state ?? "") ? 700 : false),
  });
  if (!mayExport && !mayPack) return null;
  const button = (what: What, words: string) => (
    <Button key={what} size="xs" loading={start.isPending} onClick={() => start.mutate(what)}>
      {words}
    </Button>
  );
  return (
    <Menu label="Export">
      {() => (
        <>
          <p className="vt-meta">Every event this search finds. The export itself is written to the own trail.</p>
          {mayExport && (
            <div className="vt-actions">
              {button("csv", "CSV")}
              {button("ndjson", "NDJSON")}
            </div>
          )}
          {mayPack && (
            <>
              <p className="vt-meta">
                For an auditor: each record with its proof, and a page that checks them without Veritrail. At most
                10,000 records.
              </p>
              <div className="vt-actions">{button("evidence", "Evidence pack")}</div>
            </>
          )}
          {start.isError && <ErrorState what="It was not started" error={start.error} />}
          {job.data && <JobProgress job={job.data} />}
          {job.data && <Link to="/jobs">All jobs</Link>}
        </>
      )}
    </Menu>
  );
}
