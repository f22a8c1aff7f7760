import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, type EventQuery, queryString, type Sharing } from "../../api";
import { useMay } from "../../app/session";
import { Menu } from "../../ui/Menu";
import { ErrorState, fieldProblem } from "../../ui/states";
import { SHARING } from "../searches/sharing";

/** Keeps the question on the screen, its columns included, under a name. */
export function KeepMenu({ query, columns }: { query: EventQuery; columns: string[] }) {
  const mayKeep = useMay("searches.create");
  const [name, setName] = useState("");
  const [sharing, setSharing] = useState<Sharing>("private");
  const cache = useQueryClient();
  const keep = useMutation({
    mutationFn: () => api.keepSearch({ name, sharing, columns, query: queryString(query).slice(1) }),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["searches"] }),
  });
  if (!mayKeep) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate();
  };
  return (
    <Menu label="Keep">
      {() => (
        <form className="vt-form" aria-label="Keep this search" onSubmit={submit}>
          <p className="vt-meta">The question is kept, not its answer. Relative times stay relative.</p>
          <TextInput
            label="Name"
            required
            value={name}
            onChange={(typed) => setName(typed.currentTarget.value)}
            error={fieldProblem(keep.error, "name")}
          />
          <NativeSelect
            label="Who finds it"
            value={sharing}
            onChange={(picked) => setSharing(picked.currentTarget.value as Sharing)}
            data={SHARING}
          />
          <Button type="submit" size="xs" loading={keep.isPending}>
            Keep the search
          </Button>
          {keep.isError && <ErrorState what="It was not kept" error={keep.error} />}
          {keep.data && (
            <p role="status">
              {`“${keep.data.name}” is kept. `}
              <Link to="/searches">All searches</Link>
            </p>
          )}
        </form>
      )}
    </Menu>
  );
}
