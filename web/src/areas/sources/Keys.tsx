import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { API_ROOT, api, type IngestKey, type SourceDetail } from "../../api";
import { CopyField } from "../../ui/CopyField";
import { EmptyState, ErrorState } from "../../ui/states";
import { Table } from "../../ui/Table";
import { Time, TimeOr } from "../../ui/Time";

/** Keys with which a CRM pushes records. A key is shown once: only its hash is kept. */
export function Keys({ source }: { source: SourceDetail }) {
  const [name, setName] = useState("");
  const cache = useQueryClient();
  const renew = () => void cache.invalidateQueries({ queryKey: ["source", source.id] });
  const create = useMutation({ mutationFn: () => api.createKey(source.id, name), onSuccess: renew });
  const revoke = useMutation({ mutationFn: (key: string) => api.revokeKey(source.id, key), onSettled: renew });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <>
      <p className="vt-prose">
        {"Records are pushed to "}
        <code>{`${window.location.origin}${API_ROOT}/ingest/${source.name}`}</code>
        {" with the key as a bearer token."}
      </p>
      <form className="vt-words" onSubmit={submit}>
        <TextInput
          aria-label="Name of the new key"
          placeholder="What uses it: crm-webhook"
          required
          value={name}
          onChange={(typed) => setName(typed.currentTarget.value)}
        />
        <Button type="submit" loading={create.isPending}>
          Make a key
        </Button>
      </form>
      {create.isError && <ErrorState what="No key was made" error={create.error} />}
      {create.data && (
        <section className="vt-notice" role="status">
          <h2>{`Copy the key "${create.data.name}" now`}</h2>
          <p>It is shown this once. Whoever holds it can send records as this source.</p>
          <CopyField label="the key" value={create.data.key} />
        </section>
      )}
      {revoke.isError && <ErrorState what="The key was not revoked" error={revoke.error} />}
      {source.keys.length === 0 && (
        <EmptyState title="No key yet">Make one above to let a CRM push records.</EmptyState>
      )}
      {source.keys.length > 0 && (
        <Table<IngestKey>
          label="Keys"
          rows={source.keys}
          id={(key) => key.id}
          columns={[
            { title: "Name", cell: (key) => key.name },
            { title: "Made", cell: (key) => <Time at={key.created} /> },
            { title: "Last used", cell: (key) => <TimeOr at={key.last_used} unknown="never" /> },
            {
              title: "State",
              cell: (key) =>
                key.revoked ? (
                  "revoked"
                ) : (
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={`Revoke ${key.name}`}
                    onClick={() =>
                      window.confirm(
                        `Revoke "${key.name}"? What uses it is refused from now on. This cannot be undone.`,
                      ) && revoke.mutate(key.id)
                    }
                  >
                    Revoke
                  </Button>
                ),
            },
          ]}
        />
      )}
    </>
  );
}
