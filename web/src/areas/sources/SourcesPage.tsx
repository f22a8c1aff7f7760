import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, type SourceHealth } from "../../api";
import { useMay } from "../../app/session";
import { Health } from "../../ui/Health";
import { Page, until } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { TimeOr } from "../../ui/Time";
import { count, counted } from "../../ui/words";

const sum = (source: SourceHealth, of: "events" | "quarantined") =>
  source.streams.reduce((total, stream) => total + stream[of], 0);
const newest = (source: SourceHealth) =>
  source.streams
    .map((stream) => stream.last_received)
    .filter((time) => time !== null)
    .sort()
    .at(-1);

const COLUMNS: Column<SourceHealth>[] = [
  { title: "Source", cell: (source) => source.title },
  { title: "Health", narrow: true, cell: (source) => <Health status={source.status} /> },
  { title: "In words", cell: (source) => source.summary },
  { title: "Last received", narrow: true, cell: (source) => <TimeOr at={newest(source)} unknown="nothing yet" /> },
  { title: "Events", numeric: true, cell: (source) => count(sum(source, "events")) },
  { title: "In quarantine", numeric: true, cell: (source) => count(sum(source, "quarantined")) },
];

export function SourcesPage() {
  const navigate = useNavigate();
  const mayCreate = useMay("sources.create");
  const mayOpen = useMay("sources.read");
  const sources = useQuery({
    queryKey: ["sources"],
    queryFn: ({ signal }) => api.sources(signal),
    refetchInterval: 10_000,
  });
  const items = sources.data?.items;
  const trouble = items?.filter((source) => source.status === "trouble").length ?? 0;
  return (
    <Page
      title="Sources"
      state={
        items
          ? items.length === 0
            ? "No CRM is connected yet, so nothing is recorded."
            : `${counted(items.length, "source")} connected, ${trouble ? `${trouble} in trouble` : "none in trouble"}.`
          : until(sources, "the sources")
      }
      actions={
        mayCreate &&
        items !== undefined &&
        items.length > 0 && (
          <Link className="vt-button" to="/sources/new">
            Add a source
          </Link>
        )
      }
    >
      {sources.isPending && <Loading />}
      {sources.isError && (
        <ErrorState what="The sources could not be read" error={sources.error} retry={sources.refetch} />
      )}
      {items?.length === 0 && (
        <EmptyState title="No source is connected">
          <p>
            {mayCreate
              ? "A source is a CRM, or a file it writes. Its events appear in Activity as soon as it sends them."
              : "An administrator connects the first one."}
          </p>
          {mayCreate && (
            <Link className="vt-button" to="/sources/new">
              Add the first source
            </Link>
          )}
        </EmptyState>
      )}
      {items && items.length > 0 && (
        <Table
          label="Sources"
          columns={COLUMNS}
          rows={items}
          id={(source) => source.id}
          onOpen={mayOpen ? (id) => void navigate({ to: "/sources/$id", params: { id } }) : undefined}
        />
      )}
    </Page>
  );
}
