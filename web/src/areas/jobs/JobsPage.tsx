import { Button } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Job } from "../../api";
import { useMay } from "../../app/session";
import { JobProgress } from "../../ui/JobProgress";
import { Listing } from "../../ui/Listing";
import { Page } from "../../ui/Page";
import { EmptyState, ErrorState } from "../../ui/states";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { capital, counted, spoken } from "../../ui/words";

const isUnderWay = (job: Job) => job.state === "queued" || job.state === "running";

export function JobsPage() {
  const mayCancel = useMay("jobs.cancel");
  const cache = useQueryClient();
  const jobs = useInfiniteQuery({
    queryKey: ["jobs"],
    queryFn: ({ pageParam, signal }) => api.jobs(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (asked) => (asked.state.data?.pages.some((page) => page.items.some(isUnderWay)) ? 1_000 : 15_000),
  });
  const cancel = useMutation({
    mutationFn: (job: string) => api.cancelJob(job),
    onSettled: () => void cache.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const columns: Column<Job>[] = [
    { title: "Job", cell: (job) => capital(spoken(job.kind)) },
    { title: "State", cell: (job) => spoken(job.state) },
    { title: "Progress", cell: (job) => <JobProgress job={job} /> },
    { title: "Started", cell: (job) => <Time at={job.created} /> },
    {
      title: "Stop",
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
  const underWay = jobs.data?.pages.reduce((sum, page) => sum + page.items.filter(isUnderWay).length, 0);
  return (
    <Page
      title="Jobs"
      state={
        underWay === undefined
          ? "Reading your jobs."
          : `${counted(underWay, "job")} under way. They go on when you leave.`
      }
    >
      {cancel.isError && <ErrorState what="The job was not cancelled" error={cancel.error} />}
      <Listing
        of="jobs"
        query={jobs}
        columns={columns}
        id={(job) => job.id}
        empty={<EmptyState title="You have no jobs">An export from Activity appears here.</EmptyState>}
      />
    </Page>
  );
}
