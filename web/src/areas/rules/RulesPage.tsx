import { useQuery } from "@tanstack/react-query";
import { api, type Rule } from "../../api";
import { useScreen } from "../../app/screen";
import { Drawer } from "../../ui/Drawer";
import { Facts, Page, until } from "../../ui/Page";
import { Severity } from "../../ui/Severity";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { counted, spoken } from "../../ui/words";

const COLUMNS: Column<Rule>[] = [
  { title: "Rule", cell: (rule) => rule.title },
  { title: "Severity", narrow: true, cell: (rule) => <Severity level={rule.level} /> },
  { title: "Kind", narrow: true, cell: (rule) => rule.kind },
  { title: "Reads", cell: (rule) => rule.streams.join(", ") || "every stream" },
  { title: "Watching", cell: (rule) => (rule.degraded ? `▲ degraded: ${rule.degraded}` : "✓ fully") },
];

/** `attack.t1110.001` is ATT&CK technique T1110.001; tactics read as words. */
const technique = (tag: string) => {
  const name = tag.replace(/^attack\./, "");
  return /^t\d/.test(name) ? name.toUpperCase() : spoken(name);
};

export function RulesPage() {
  const { screen, change } = useScreen();
  const rules = useQuery({ queryKey: ["rules"], queryFn: ({ signal }) => api.rules(signal) });
  const items = rules.data?.items;
  const degraded = items?.filter((rule) => rule.degraded).length ?? 0;
  const opened = items?.find((rule) => rule.id === screen.open);
  return (
    <Page
      title="Library"
      state={
        items
          ? `${counted(items.length, "rule")} watch the trail${degraded ? `; ${degraded} see less than they should, because a stream is missing` : ", each with every stream it needs"}.`
          : until(rules, "the rules")
      }
    >
      {rules.isPending && <Loading />}
      {rules.isError && <ErrorState what="The rules could not be read" error={rules.error} retry={rules.refetch} />}
      {items?.length === 0 && (
        <EmptyState title="No rule is loaded">
          Rules come with Veritrail, or from the rules folder of its configuration.
        </EmptyState>
      )}
      {items && items.length > 0 && (
        <Table
          label="Rules"
          columns={COLUMNS}
          rows={items}
          id={(rule) => rule.id}
          selected={screen.open}
          onOpen={(open) => change({ open })}
        />
      )}
      <Drawer title={opened?.title ?? ""} open={opened !== undefined} onClose={() => change({ open: undefined })}>
        {opened && (
          <>
            <p className="vt-sentence">{opened.description}</p>
            {opened.degraded && <p className="vt-note">{opened.degraded}</p>}
            <Facts
              facts={[
                ["Severity", <Severity key="level" level={opened.level} />],
                ["Kind", opened.kind],
                ["Version", String(opened.version)],
                ["Reads", opened.streams.join(", ") || "every stream"],
                ["Techniques", opened.tags.map(technique).join(", ") || "none named"],
                [
                  "Also fires for",
                  opened.falsepositives.map((one) => one.replace(/\.$/, "")).join("; ") || "nothing known",
                ],
                ["Id", <code key="id">{opened.id}</code>],
              ]}
            />
            <h3>What to do when it fires</h3>
            <p className="vt-prose">{opened.runbook || "No runbook is written for this rule yet."}</p>
          </>
        )}
      </Drawer>
    </Page>
  );
}
