import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Connector, type Settings, type SourceDetail } from "../../api";
import { useMay } from "../../app/session";
import { Facts } from "../../ui/Page";
import { ErrorState, fieldProblem } from "../../ui/states";
import { Time } from "../../ui/Time";
import { shown } from "../../ui/words";
import { SettingFields } from "./SettingFields";

export function SourceSettings({ source, connector }: { source: SourceDetail; connector?: Connector }) {
  const may = useMay("sources.update");
  return (
    <>
      <Facts
        facts={[
          ["Name", <code key="name">{source.name}</code>],
          ["Connector", connector ? `${connector.title}, version ${connector.version}` : source.connector],
          ["Added", <Time key="added" at={source.created} />],
          ...Object.entries(source.settings).map(([name, value]): [string, string] => [
            connector?.settings.find((one) => one.name === name)?.title ?? name,
            shown(value),
          ]),
        ]}
      />
      {may && connector && <ChangeForm source={source} connector={connector} />}
    </>
  );
}

function ChangeForm({ source, connector }: { source: SourceDetail; connector: Connector }) {
  const secret = new Set(connector.settings.filter((one) => one.kind === "secret").map((one) => one.name));
  const [title, setTitle] = useState(source.title);
  const [settings, setSettings] = useState<Settings>(() =>
    Object.fromEntries(
      Object.entries(source.settings)
        .filter(([name]) => !secret.has(name))
        .map(([name, value]) => [name, String(value)]),
    ),
  );
  const cache = useQueryClient();
  const keep = useMutation({
    mutationFn: () => {
      const sent = Object.entries(settings).filter(([name, value]) => !(secret.has(name) && value === ""));
      return api.updateSource(source.id, { title, settings: Object.fromEntries(sent) });
    },
    onSuccess: () => {
      for (const name of ["source", "sources", "overview"]) void cache.invalidateQueries({ queryKey: [name] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate();
  };
  return (
    <form className="vt-form" onSubmit={submit}>
      <TextInput
        label="Title"
        required
        value={title}
        onChange={(typed) => setTitle(typed.currentTarget.value)}
        error={fieldProblem(keep.error, "title")}
      />
      <SettingFields
        fields={connector.settings}
        values={settings}
        onChange={setSettings}
        error={keep.error}
        keepsSecrets
      />
      <Button type="submit" loading={keep.isPending}>
        Keep the changes
      </Button>
      {keep.isSuccess && <p role="status">Kept.</p>}
      {keep.isError && <ErrorState what="Nothing was changed" error={keep.error} />}
    </form>
  );
}
