import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Job } from "../../api";
import { useMay } from "../../app/session";
import { JobProgress } from "../../ui/JobProgress";
import { Facts, Part } from "../../ui/Page";
import { ErrorState, Loading } from "../../ui/states";
import { Time } from "../../ui/Time";
import { count } from "../../ui/words";

const isUnderWay = (job: Job | null | undefined) => job?.state === "queued" || job?.state === "running";

/** How much of the trail can be found, and building the view anew while searches go on. */
export function SearchableView() {
  const may = useMay("index.read");
  const mayRebuild = useMay("index.rebuild");
  const cache = useQueryClient();
  const index = useQuery({
    queryKey: ["index"],
    queryFn: ({ signal }) => api.index(signal),
    enabled: may,
    refetchInterval: (asked) => (isUnderWay(asked.state.data?.rebuild) ? 1_000 : 15_000),
  });
  const read = () => void cache.invalidateQueries({ queryKey: ["index"] });
  const rebuild = useMutation({ mutationFn: () => api.rebuildIndex(), onSettled: read });
  const cancel = useMutation({ mutationFn: () => api.cancelRebuild(), onSettled: read });
  if (!may) return null;
  const newest = index.data?.rebuild;
  return (
    <Part title="Searchable view">
      {index.isPending && <Loading rows={2} />}
      {index.isError && (
        <ErrorState what="The searchable view could not be asked" error={index.error} retry={index.refetch} />
      )}
      {index.data && (
        <Facts
          facts={[
            ["Records of the trail", count(index.data.size)],
            ["Events that can be found", count(index.data.events)],
          ]}
        />
      )}
      {newest && (
        <>
          <p className="vt-prose">
            {"Built anew, asked for "}
            <Time at={newest.created} />
          </p>
          <JobProgress job={newest} />
        </>
      )}
      {mayRebuild && isUnderWay(newest) && (
        <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          Stop building it
        </Button>
      )}
      {mayRebuild && index.data && !isUnderWay(newest) && (
        <>
          <p className="vt-prose">
            Building it anew reads the whole trail. Searches go on meanwhile; it is needed after an import of the
            directory that should also apply to older events.
          </p>
          <Button size="xs" variant="default" loading={rebuild.isPending} onClick={() => rebuild.mutate()}>
            Build it anew
          </Button>
        </>
      )}
      {rebuild.isError && <ErrorState what="It is not built anew" error={rebuild.error} />}
      {cancel.isError && <ErrorState what="It was not stopped" error={cancel.error} />}
    </Part>
  );
}
