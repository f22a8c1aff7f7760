import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type ServiceAccount } from "../../api";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { Drawer } from "../../ui/Drawer";
import { Facts, Page, Part, until } from "../../ui/Page";
import { EmptyState, ErrorState, fieldProblem, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time, TimeOr } from "../../ui/Time";
import { capital, counted, spoken } from "../../ui/words";
import { Tokens } from "../account/Tokens";

/** The secret before a rotation opens this much longer, so that the program need not stop. */
const OVERLAP_HOURS = 24;

const COLUMNS: Column<ServiceAccount>[] = [
  { title: "Name", main: true, cell: (one) => one.name },
  {
    title: "Reaches what",
    narrow: true,
    cell: (one) => `an ${spoken(one.role)} reaches`.replace(/^an (?=[^aeiou])/, "a "),
  },
  { title: "Owner", cell: (one) => (one.orphaned ? `⚠ ${one.owner.name}: name another` : one.owner.name) },
  { title: "State", narrow: true, cell: (one) => (one.active ? "✓ active" : "‖ switched off") },
  { title: "Tokens", narrow: true, numeric: true, cell: (one) => one.tokens.filter((token) => !token.revoked).length },
  { title: "Last used", narrow: true, cell: (one) => <TimeOr at={lastUsed(one)} unknown="never" /> },
];

const lastUsed = (account: ServiceAccount): string | null =>
  account.tokens.map((token) => token.last_used ?? "").reduce((a, b) => (a > b ? a : b), "") || null;

export function ServiceAccountsPage() {
  const { screen, change } = useScreen();
  const mayCreate = useMay("service_accounts.create");
  const accounts = useQuery({ queryKey: ["service-accounts"], queryFn: ({ signal }) => api.serviceAccounts(signal) });
  const items = accounts.data?.items;
  const opened = items?.find((one) => one.id === screen.open);
  const orphaned = items?.filter((one) => one.orphaned && one.active).length ?? 0;
  return (
    <Page
      title="Service accounts"
      state={
        items
          ? `${counted(items.length, "program")} with an account of its own${orphaned ? `; ${orphaned} without an owner who may sign in` : ""}.`
          : until(accounts, "the service accounts")
      }
    >
      {accounts.isPending && <Loading />}
      {accounts.isError && (
        <ErrorState what="The service accounts could not be read" error={accounts.error} retry={accounts.refetch} />
      )}
      {items?.length === 0 && (
        <EmptyState title="There is no service account">
          An administrator makes one for a program and names its owner; the owner makes its tokens. It reaches what the
          owner's role reaches and stands in the own trail under its name.
        </EmptyState>
      )}
      {items && items.length > 0 && (
        <Table
          label="Service accounts"
          columns={COLUMNS}
          rows={items}
          id={(one) => one.id}
          selected={screen.open}
          onOpen={(open) => change({ open })}
        />
      )}
      {mayCreate && (
        <Part title="Make a service account">
          <Create />
        </Part>
      )}
      <Drawer title={opened?.name ?? ""} open={opened !== undefined} onClose={() => change({ open: undefined })}>
        {opened && <Opened key={opened.id} account={opened} />}
      </Drawer>
    </Page>
  );
}

function useOwners(role?: string) {
  const mayList = useMay("members.list");
  const members = useQuery({
    queryKey: ["members"],
    queryFn: ({ signal }) => api.members(signal),
    enabled: mayList,
  });
  const items = members.data?.items.filter((one) => one.active && (!role || one.role === role)) ?? [];
  return items.map((one) => ({ value: one.id, label: `${one.name}, ${spoken(one.role)}` }));
}

function Create() {
  const [name, setName] = useState("");
  const [owner, setOwner] = useState("");
  const owners = useOwners();
  const cache = useQueryClient();
  const create = useMutation({
    mutationFn: () => api.createServiceAccount({ name, owner }),
    onSuccess: () => {
      setName("");
      void cache.invalidateQueries({ queryKey: ["service-accounts"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className="vt-form" aria-label="Make a service account" onSubmit={submit}>
      <TextInput
        label="Name"
        placeholder="siem-export"
        required
        value={name}
        onChange={(typed) => setName(typed.currentTarget.value)}
        error={fieldProblem(create.error, "name")}
      />
      <NativeSelect
        label="Owner"
        required
        value={owner}
        onChange={(picked) => setOwner(picked.currentTarget.value)}
        data={[{ value: "", label: "Who answers for it" }, ...owners]}
        error={fieldProblem(create.error, "owner")}
      />
      <Button type="submit" loading={create.isPending}>
        Make the account
      </Button>
      {create.isError && <ErrorState what="No account was made" error={create.error} />}
    </form>
  );
}

function Opened({ account }: { account: ServiceAccount }) {
  const mayUpdate = useMay("service_accounts.update");
  const of = {
    create: (body: Parameters<typeof api.createToken>[0]) => api.createServiceToken(account.id, body),
    rotate: (token: string) => api.rotateServiceToken(account.id, token, OVERLAP_HOURS),
    revoke: (token: string) => api.revokeServiceToken(account.id, token),
    renews: ["service-accounts"],
    as: `as ${account.name}; after a rotation the secret before opens for ${OVERLAP_HOURS} hours more`,
  };
  return (
    <>
      <Facts
        facts={[
          ["Reaches", capital(spoken(account.role))],
          ["Owner", account.owner.name],
          ["Made", <Time key="made" at={account.created} />],
        ]}
      />
      {account.own && account.active && (
        <Part title="Tokens">
          <Tokens tokens={account.tokens} of={of} />
        </Part>
      )}
      {!account.own && account.tokens.length > 0 && (
        <Part title="Tokens">
          <Table
            label="Tokens"
            rows={account.tokens}
            id={(one) => one.id}
            columns={[
              { title: "Program", cell: (one) => one.name },
              { title: "May", cell: (one) => one.operations.join(", ") },
              { title: "Last used", narrow: true, cell: (one) => <TimeOr at={one.last_used} unknown="never" /> },
              { title: "State", narrow: true, cell: (one) => (one.revoked ? "revoked" : "in use") },
            ]}
          />
        </Part>
      )}
      {mayUpdate && (
        <Part title="Change it">
          <Change account={account} />
        </Part>
      )}
    </>
  );
}

function Change({ account }: { account: ServiceAccount }) {
  const owners = useOwners(account.role);
  const [owner, setOwner] = useState(account.owner.id);
  const cache = useQueryClient();
  const renew = () => void cache.invalidateQueries({ queryKey: ["service-accounts"] });
  const hand = useMutation({ mutationFn: () => api.updateServiceAccount(account.id, { owner }), onSuccess: renew });
  const turn = useMutation({
    mutationFn: () => api.updateServiceAccount(account.id, { active: !account.active }),
    onSuccess: renew,
  });
  return (
    <div className="vt-form">
      <NativeSelect
        label="Owner"
        value={owner}
        onChange={(picked) => setOwner(picked.currentTarget.value)}
        data={
          owners.some((one) => one.value === owner) ? owners : [{ value: owner, label: account.owner.name }, ...owners]
        }
      />
      <div className="vt-actions">
        <Button disabled={owner === account.owner.id} loading={hand.isPending} onClick={() => hand.mutate()}>
          Hand it on
        </Button>
        <Button variant="default" loading={turn.isPending} onClick={() => turn.mutate()}>
          {account.active ? "Switch off, revoking its tokens" : "Switch on"}
        </Button>
      </div>
      {(hand.isError || turn.isError) && <ErrorState what="Nothing was changed" error={hand.error ?? turn.error} />}
    </div>
  );
}
