import { useQuery } from "@tanstack/react-query";
import { api } from "../../api";
import { useMay } from "../../app/session";
import { CopyField } from "../../ui/CopyField";
import { Page, Part } from "../../ui/Page";
import { ErrorState, Loading } from "../../ui/states";
import { Table } from "../../ui/Table";
import { shown } from "../../ui/words";
import { SearchableView } from "./SearchableView";

export function SettingsPage() {
  const settings = useQuery({ queryKey: ["settings"], queryFn: ({ signal }) => api.settings(signal) });
  return (
    <Page
      title="Settings"
      state="Read only: settings are changed in the configuration file and take effect with a restart."
    >
      {settings.isPending && <Loading />}
      {settings.isError && (
        <ErrorState what="The settings could not be read" error={settings.error} retry={settings.refetch} />
      )}
      <Verifier />
      <SearchableView />
      {settings.data?.sections.map((section) => (
        <Part key={section.name} title={section.title}>
          <Table
            label={section.title}
            rows={section.values}
            id={(one) => one.key}
            columns={[
              { title: "Setting", narrow: true, cell: (one) => <code>{one.key}</code> },
              {
                title: "Value",
                cell: (one) =>
                  one.value === '""' ? (
                    <span className="vt-muted vt-word">empty</span>
                  ) : (
                    <code>{shown(one.value)}</code>
                  ),
              },
              { title: "Comes from", narrow: true, cell: (one) => one.source },
              { title: "What it does", cell: (one) => one.help },
            ]}
          />
        </Part>
      ))}
    </Page>
  );
}

/** What an outside auditor needs to check proofs without trusting this page. */
function Verifier() {
  const may = useMay("ledgers.list");
  const ledgers = useQuery({ queryKey: ["ledgers"], queryFn: ({ signal }) => api.ledgers(signal), enabled: may });
  if (!ledgers.data?.verifier_key) return null;
  const { keys, verifier_key } = ledgers.data;
  const earlier = keys.filter((one) => one.ledger === "activity" && one.verifier_key !== verifier_key);
  return (
    <Part title="Checking proofs">
      <p className="vt-prose">{`The log is ${ledgers.data.origin}. Whoever holds this key can check a downloaded proof without Veritrail:`}</p>
      <CopyField label="the verifier key" value={verifier_key} />
      {earlier.length > 0 && (
        <p className="vt-prose">The key was changed. Checkpoints of smaller sizes are signed by the keys before it:</p>
      )}
      {earlier.map((one) => (
        <CopyField
          key={one.verifier_key}
          label={`the key of sizes from ${one.from} on, until the next one's`}
          value={one.verifier_key}
        />
      ))}
    </Part>
  );
}
