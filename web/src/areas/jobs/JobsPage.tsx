import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type Job } from "../../api";
import { useMay } from "../../app/session";
import { JobProgress } from "../../ui/JobProgress";
import { Page, until } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { capital, counted, spoken } from "../../ui/words";

const isUnderWay = (job: Job) => job.state === "queued" || job.state === "running";

export function JobsPage() {
  const mayCancel = useMay("jobs.cancel");
  const cache = useQueryClient();
  const jobs = useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => api.jobs(signal),
    refetchInterval: (asked) => (asked.state.data?.items.some(isUnderWay) ? 1_000 : 15_000),
  });
  const items = jobs.data?.items;
  const cancel = useMutation({
    mutationFn: (job: string) => api.cancelJob(job),
    onSettled: () => void cache.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const columns: Column<Job>[] = [
    { title: "Job", cell: (job) => capital(spoken(job.kind)) },
    { title: "State", narrow: true, cell: (job) => spoken(job.state) },
    { title: "Progress", cell: (job) => <JobProgress job={job} /> },
    { title: "Started", narrow: true, cell: (job) => <Time at={job.created} /> },
    {
      title: "Stop",
      narrow: true,
      cell: (job) =>
        mayCancel && isUnderWay(job) ? (
          <Button size="compact-xs" variant="default" onClick={() => cancel.mutate(job.id)}>
            Cancel
          </Button>
        ) : (
          "ended"
        ),
    },
  ];
  const underWay = items?.filter(isUnderWay).length;
  return (
    <Page
      title="Jobs"
      state={
        underWay === undefined
          ? until(jobs, "your jobs")
          : `${counted(underWay, "job")} under way. They go on when you leave.`
      }
    >
      {cancel.isError && <ErrorState what="The job was not cancelled" error={cancel.error} />}
      {jobs.isPending && <Loading />}
      {jobs.isError && <ErrorState what="Your jobs could not be read" error={jobs.error} retry={jobs.refetch} />}
      {items?.length === 0 && (
        <EmptyState title="You have no jobs">
          <p>An export of events or a pack of evidence runs as a job and appears here with its file.</p>
          <Link className="vt-button" to="/activity">
            Find events to export
          </Link>
        </EmptyState>
      )}
      {items && items.length > 0 && <Table label="Jobs" columns={columns} rows={items} id={(job) => job.id} />}
    </Page>
  );
}
