import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Job, type RetentionOutcome } from "../../api";
import { useMay } from "../../app/session";
import { JobProgress } from "../../ui/JobProgress";
import { Facts, Part } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { bytes, capital, count, counted } from "../../ui/words";

type Due = RetentionOutcome["plan"]["classes"][number];

const isUnderWay = (job: Job | null | undefined) => job?.state === "queued" || job?.state === "running";

const COLUMNS: Column<Due>[] = [
  { title: "Class", cell: (one) => capital(one.class) },
  { title: "Kept", narrow: true, cell: (one) => counted(one.days, "day") },
  { title: "Events", narrow: true, cell: (one) => count(one.events) },
  { title: "Size", narrow: true, cell: (one) => bytes(one.bytes) },
  { title: "Oldest", narrow: true, cell: (one) => (one.oldest ? <Time at={one.oldest} /> : "unknown") },
];

/** How long what is kept; a dry run, and the job it allows. */
export function Retention() {
  const may = useMay("retention.read");
  const mayRun = useMay("retention.run");
  const cache = useQueryClient();
  const retention = useQuery({
    queryKey: ["retention"],
    queryFn: ({ signal }) => api.retention(signal),
    enabled: may,
    refetchInterval: (asked) => (isUnderWay(asked.state.data?.job) ? 1_000 : false),
  });
  const run = useMutation({
    mutationFn: (dryRun: boolean) => api.runRetention(dryRun),
    onSettled: () => void cache.invalidateQueries({ queryKey: ["retention"] }),
  });
  if (!may) return null;
  const data = retention.data;
  const limited = data?.rule.filter((one) => one.days > 0) ?? [];
  const due = data?.planned?.plan.classes.reduce((sum, one) => sum + one.events, 0) ?? 0;
  return (
    <Part title="Retention">
      {retention.isPending && <Loading rows={2} />}
      {retention.isError && (
        <ErrorState what="Retention could not be read" error={retention.error} retry={retention.refetch} />
      )}
      {data && limited.length === 0 && (
        <EmptyState title="Everything is kept">
          An administrator sets days for each class of event under [retention] in the configuration file.
        </EmptyState>
      )}
      {data && limited.length > 0 && (
        <Facts
          facts={data.rule.map((one) => [
            capital(one.class),
            one.days === 0 ? "kept for ever" : `kept ${counted(one.days, "day")}`,
          ])}
        />
      )}
      {isUnderWay(data?.job) && data?.job && <JobProgress job={data.job} />}
      {data?.job?.state === "failed" && <JobProgress job={data.job} />}
      {data?.planned && <Outcome title="Due, by the last dry run" outcome={data.planned} />}
      {data?.applied && <Outcome title="Dropped by the last job" outcome={data.applied} />}
      {mayRun && limited.length > 0 && !isUnderWay(data?.job) && (
        <>
          <p className="vt-prose">
            What is due loses its names, addresses, values and raw record for good. Its clear part and its proof stay. A
            legal hold keeps what it protects.
          </p>
          <div className="vt-actions">
            <Button size="xs" variant="default" loading={run.isPending} onClick={() => run.mutate(true)}>
              Make a dry run
            </Button>
            {due > 0 && (
              <Button size="xs" color="red" loading={run.isPending} onClick={() => run.mutate(false)}>
                {`Drop the values of ${counted(due, "event")} for good`}
              </Button>
            )}
          </div>
        </>
      )}
      {run.isError && <ErrorState what="It was not begun" error={run.error} />}
    </Part>
  );
}

function Outcome({ title, outcome }: { title: string; outcome: RetentionOutcome }) {
  const { classes, held } = outcome.plan;
  const kept = held.reduce((sum, one) => sum + one.events, 0);
  return (
    <>
      <p className="vt-prose">
        {`${title}, `}
        <Time at={outcome.time} />
        {classes.length === 0 && ": nothing."}
        {kept > 0 && ` ${counted(kept, "event")} kept by ${counted(held.length, "legal hold")}.`}
      </p>
      {classes.length > 0 && <Table label={title} columns={COLUMNS} rows={classes} id={(one) => one.class} />}
    </>
  );
}
