import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, type Connector, type Settings } from "../../api";
import { useScreen } from "../../app/screen";
import { Page, Part } from "../../ui/Page";
import { EmptyState, ErrorState, fieldProblem, Loading } from "../../ui/states";
import { CheckResult } from "./CheckResult";
import { RecordedTable } from "./RecordedTable";
import { SettingFields } from "./SettingFields";

export function NewSourcePage() {
  const { screen, change } = useScreen();
  const connectors = useQuery({ queryKey: ["connectors"], queryFn: ({ signal }) => api.connectors(signal) });
  const chosen = connectors.data?.items.find((one) => one.id === screen.connector);
  return (
    <Page title="Add a source" state={chosen ? chosen.summary : "Choose what to connect."}>
      {connectors.isPending && <Loading />}
      {connectors.isError && (
        <ErrorState what="The catalogue could not be read" error={connectors.error} retry={connectors.refetch} />
      )}
      {connectors.data?.items.length === 0 && (
        <EmptyState title="No connector is built in">This build of Veritrail reads no CRM.</EmptyState>
      )}
      <ul className="vt-catalogue" aria-label="Catalogue">
        {connectors.data?.items.map((one) => (
          <li key={one.id}>
            <button type="button" aria-pressed={one === chosen} onClick={() => change({ connector: one.id })}>
              <strong>{one.title}</strong>
              <span className="vt-meta">{one.summary}</span>
            </button>
          </li>
        ))}
      </ul>
      {chosen && <SourceForm key={chosen.id} connector={chosen} />}
    </Page>
  );
}

function SourceForm({ connector }: { connector: Connector }) {
  const [title, setTitle] = useState(connector.title);
  const [name, setName] = useState("");
  const [settings, setSettings] = useState<Settings>({});
  const navigate = useNavigate();
  const cache = useQueryClient();
  const filled = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ""));
  const check = useMutation({ mutationFn: () => api.checkSource({ connector: connector.id, settings: filled }) });
  const create = useMutation({
    mutationFn: () => api.createSource({ name, connector: connector.id, title, settings: filled }),
    onSuccess: (source) => {
      void cache.invalidateQueries({ queryKey: ["sources"] });
      void navigate({ to: "/sources/$id", params: { id: source.id }, search: {} });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <>
      <form className="vt-form" onSubmit={submit}>
        <TextInput
          label="Title"
          description="As people will read it."
          required
          value={title}
          onChange={(typed) => setTitle(typed.currentTarget.value)}
          error={fieldProblem(create.error, "title")}
        />
        <TextInput
          label="Name"
          description="Short and unique, for addresses and the command line: small letters, digits, hyphens."
          placeholder={`${connector.id}-sales`}
          required
          pattern="[a-z0-9][a-z0-9\-]*"
          value={name}
          onChange={(typed) => setName(typed.currentTarget.value)}
          error={fieldProblem(create.error, "name")}
        />
        <SettingFields
          fields={connector.settings}
          values={settings}
          onChange={setSettings}
          error={create.error ?? check.error}
        />
        <div className="vt-actions">
          <Button variant="default" onClick={() => check.mutate()} loading={check.isPending}>
            Check
          </Button>
          <Button type="submit" loading={create.isPending}>
            Add the source
          </Button>
        </div>
        {check.data && <CheckResult checked={check.data} />}
        {check.isError && <ErrorState what="The settings could not be checked" error={check.error} />}
        {create.isError && <ErrorState what="The source was not added" error={create.error} />}
      </form>
      <Part title="What is recorded">
        <RecordedTable connector={connector} />
      </Part>
    </>
  );
}
