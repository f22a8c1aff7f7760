import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Account, api, type Passkey } from "../../api";
import { hasPasskeys, makePasskey } from "../../ui/passkey";
import { ErrorState, fieldProblem } from "../../ui/states";
import { Table } from "../../ui/Table";
import { Time, TimeOr } from "../../ui/Time";

/** Keys in a phone, a laptop or a stick that let one in without a password. */
export function Passkeys({ account }: { account: Account }) {
  const [name, setName] = useState("");
  const cache = useQueryClient();
  const renew = () => {
    void cache.invalidateQueries({ queryKey: ["account"] });
    void cache.invalidateQueries({ queryKey: ["session"] });
  };
  const make = useMutation({
    mutationFn: () => makePasskey(name),
    onSuccess: () => {
      setName("");
      renew();
    },
  });
  const remove = useMutation({ mutationFn: (id: string) => api.removePasskey(id), onSettled: renew });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (!account.passkeys_possible || !hasPasskeys())
    return (
      <p className="vt-muted">
        Browsers make passkeys where Veritrail is reached by a name over https. Your administrator sets
        server.public_url.
      </p>
    );
  return (
    <>
      <p>A passkey lets you in by your finger, face or PIN: no password, nothing that can be told to somebody else.</p>
      <form className="vt-words" onSubmit={submit}>
        <TextInput
          aria-label="Name of the new passkey"
          placeholder="Where it lies: work laptop"
          required
          value={name}
          onChange={(typed) => setName(typed.currentTarget.value)}
          error={fieldProblem(make.error, "name")}
        />
        <Button type="submit" loading={make.isPending}>
          Make a passkey
        </Button>
      </form>
      {make.isError && <ErrorState what="No passkey was made" error={make.error} />}
      {remove.isError && <ErrorState what="The passkey is still there" error={remove.error} />}
      {account.passkeys.length > 0 && (
        <Table<Passkey>
          label="Passkeys"
          rows={account.passkeys}
          id={(one) => one.id}
          columns={[
            { title: "Name", cell: (one) => one.name },
            { title: "Made", narrow: true, cell: (one) => <Time at={one.created} /> },
            { title: "Last used", narrow: true, cell: (one) => <TimeOr at={one.last_used} unknown="never" /> },
            {
              title: "State",
              narrow: true,
              cell: (one) => (
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`Take away: ${one.name}`}
                  onClick={() =>
                    window.confirm(`Take "${one.name}" away? It lets nobody in from then on.`) && remove.mutate(one.id)
                  }
                >
                  Take away
                </Button>
              ),
            },
          ]}
        />
      )}
    </>
  );
}
