import { Button, Tabs } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api, type Operation, type SourceDetail } from "../../api";
import { useScreen } from "../../app/screen";
import { useSession } from "../../app/session";
import { Health } from "../../ui/Health";
import { Page, until } from "../../ui/Page";
import { ErrorState, Loading } from "../../ui/states";
import { CheckResult } from "./CheckResult";
import { Keys } from "./Keys";
import { Quarantine } from "./Quarantine";
import { RecordedTable } from "./RecordedTable";
import { SourceSettings } from "./SourceSettings";
import { Streams } from "./Streams";
import { Upload } from "./Upload";

export function SourcePage() {
  const { id = "" } = useParams({ strict: false });
  const source = useQuery({
    queryKey: ["source", id],
    queryFn: ({ signal }) => api.source(id, signal),
    refetchInterval: 10_000,
  });
  const data = source.data;
  return (
    <Page
      title={data?.title ?? "Source"}
      state={
        data ? (
          <>
            <Health status={data.status} /> {data.summary}
          </>
        ) : (
          until(source, "the source")
        )
      }
      actions={data && <Acts key={data.id} source={data} />}
    >
      {source.isPending && <Loading />}
      {source.isError && <ErrorState what="The source could not be read" error={source.error} retry={source.refetch} />}
      {data && <SourceTabs key={data.id} source={data} />}
    </Page>
  );
}

function Acts({ source }: { source: SourceDetail }) {
  const { operations } = useSession();
  const cache = useQueryClient();
  const turn = useMutation({
    mutationFn: () => api.updateSource(source.id, { state: source.state === "active" ? "paused" : "active" }),
    onSettled: () => {
      for (const name of ["source", "sources", "overview"]) void cache.invalidateQueries({ queryKey: [name] });
    },
  });
  const check = useMutation({ mutationFn: () => api.checkSource({ source: source.id }) });
  return (
    <>
      {operations.includes("sources.check") && (
        <Button size="xs" variant="default" onClick={() => check.mutate()} loading={check.isPending}>
          Check
        </Button>
      )}
      {operations.includes("sources.update") && (
        <Button size="xs" variant="default" onClick={() => turn.mutate()} loading={turn.isPending}>
          {source.state === "active" ? "Pause" : "Read again"}
        </Button>
      )}
      {check.data && <CheckResult checked={check.data} />}
      {(check.isError || turn.isError) && <ErrorState what="It was not done" error={check.error ?? turn.error} />}
    </>
  );
}

function SourceTabs({ source }: { source: SourceDetail }) {
  const { screen, change } = useScreen();
  const { operations } = useSession();
  const connectors = useQuery({
    queryKey: ["connectors"],
    queryFn: ({ signal }) => api.connectors(signal),
    enabled: operations.includes("connectors.list"),
  });
  const connector = connectors.data?.items.find((one) => one.id === source.connector);
  const may = (operation: Operation) => operations.includes(operation);
  const tabs = [
    { id: "streams", title: "Streams", shown: true },
    { id: "keys", title: "Keys", shown: may("sources.keys") },
    { id: "upload", title: "Upload", shown: may("sources.upload") },
    { id: "quarantine", title: "Quarantine", shown: may("quarantine.list") },
    { id: "recorded", title: "What is recorded", shown: connector !== undefined },
    { id: "settings", title: "Settings", shown: true },
  ].filter((tab) => tab.shown);
  return (
    <Tabs value={screen.tab ?? "streams"} onChange={(tab) => change({ tab: tab ?? undefined })} keepMounted={false}>
      <Tabs.List mb="sm">
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.id} value={tab.id}>
            {tab.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="streams">
        <Streams streams={source.streams} />
      </Tabs.Panel>
      <Tabs.Panel value="keys">
        <Keys source={source} />
      </Tabs.Panel>
      <Tabs.Panel value="upload">
        <Upload source={source} />
      </Tabs.Panel>
      <Tabs.Panel value="quarantine">
        <Quarantine source={source.id} />
      </Tabs.Panel>
      <Tabs.Panel value="recorded">{connector && <RecordedTable connector={connector} />}</Tabs.Panel>
      <Tabs.Panel value="settings">
        <SourceSettings source={source} connector={connector} />
      </Tabs.Panel>
    </Tabs>
  );
}
