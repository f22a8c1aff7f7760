import { Button, Checkbox, NumberInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { API_ROOT, type ApiToken, api, type TokenNew } from "../../api";
import { useSession } from "../../app/session";
import { CopyField } from "../../ui/CopyField";
import { useNow } from "../../ui/now";
import { ErrorState, fieldProblem } from "../../ui/states";
import { Table } from "../../ui/Table";
import { Time, TimeOr } from "../../ui/Time";
import { grantable, stateOf } from "./programs";

const OWN = {
  create: (body: TokenNew) => api.createToken(body),
  rotate: (id: string) => api.rotateToken(id),
  revoke: (id: string) => api.revokeToken(id),
  renews: ["account"],
  as: "as you, and your trail says so",
};

/** What the member lets programs do for him, or a service account of his do. A token is shown once: only its hash is kept. */
export function Tokens({ tokens, of = OWN }: { tokens: ApiToken[]; of?: typeof OWN }) {
  const [name, setName] = useState("");
  const [days, setDays] = useState<number | string>(90);
  const [operations, setOperations] = useState<string[]>([]);
  const offered = grantable(useSession().operations);
  const now = useNow();
  const cache = useQueryClient();
  const renew = () => void cache.invalidateQueries({ queryKey: of.renews });
  const create = useMutation({
    mutationFn: () => of.create({ name, operations, days: Number(days) }),
    onSuccess: renew,
  });
  const rotate = useMutation({ mutationFn: (id: string) => of.rotate(id), onSuccess: renew });
  const revoke = useMutation({ mutationFn: (id: string) => of.revoke(id), onSettled: renew });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rotate.reset();
    create.mutate();
  };
  const shown = rotate.data ?? create.data;
  const failed = [create, rotate, revoke].find((one) => one.isError);
  return (
    <>
      <p className="vt-prose">
        {"A program sends its token to "}
        <code>{`${window.location.origin}${API_ROOT}`}</code>
        {" as a bearer token, and the header "}
        <code>X-Veritrail: 1</code>
        {` with changes. It does what is ticked here, ${of.as}.`}
      </p>
      <form className="vt-form" aria-label="Make a token" onSubmit={submit}>
        <TextInput
          label="Name of the program"
          required
          value={name}
          onChange={(typed) => setName(typed.currentTarget.value)}
          error={fieldProblem(create.error, "name")}
        />
        <NumberInput
          label="Days it lasts"
          required
          min={1}
          max={365}
          hideControls
          value={days}
          onChange={setDays}
          error={fieldProblem(create.error, "days")}
        />
        <Checkbox.Group
          label="What it may do"
          value={operations}
          onChange={setOperations}
          error={fieldProblem(create.error, "operations")}
        >
          <div className="vt-ticks">
            {offered.map((operation) => (
              <Checkbox key={operation} size="xs" value={operation} label={operation} />
            ))}
          </div>
        </Checkbox.Group>
        <Button type="submit" loading={create.isPending}>
          Make a token
        </Button>
      </form>
      {failed && <ErrorState what="Nothing was changed" error={failed.error} />}
      {shown && (
        <section className="vt-notice" role="status">
          <h2>Copy the token now</h2>
          <p>It is shown this once. Whoever holds it can do these things.</p>
          <CopyField label="the token" value={shown.token} />
        </section>
      )}
      {tokens.length > 0 && (
        <Table<ApiToken>
          label="Tokens"
          rows={tokens}
          id={(one) => one.id}
          columns={[
            { title: "Program", cell: (one) => one.name },
            { title: "May", cell: (one) => one.operations.join(", ") },
            { title: "Ends", narrow: true, cell: (one) => <Time at={one.expires} /> },
            { title: "Last used", narrow: true, cell: (one) => <TimeOr at={one.last_used} unknown="never" /> },
            {
              title: "State",
              cell: (one) =>
                one.revoked ? (
                  "revoked"
                ) : (
                  <div className="vt-actions">
                    <span>{stateOf(one, now)}</span>
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`Rotate ${one.name}`}
                      onClick={() => {
                        create.reset();
                        rotate.mutate(one.id);
                      }}
                    >
                      Rotate
                    </Button>
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`Revoke ${one.name}`}
                      onClick={() => revoke.mutate(one.id)}
                    >
                      Revoke
                    </Button>
                  </div>
                ),
            },
          ]}
        />
      )}
    </>
  );
}
