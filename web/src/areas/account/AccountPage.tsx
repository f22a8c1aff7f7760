import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type SessionItem } from "../../api";
import { Page, Part, until } from "../../ui/Page";
import { ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { counted } from "../../ui/words";
import { Passkeys } from "./Passkeys";
import { Password } from "./Password";
import { SecondFactor } from "./SecondFactor";
import { Tokens } from "./Tokens";

/** What keeps the own account safe: the second factor, and where one is signed in. */
export function AccountPage() {
  const account = useQuery({ queryKey: ["account"], queryFn: ({ signal }) => api.account(signal) });
  const data = account.data;
  return (
    <Page
      title="My account"
      state={
        data
          ? `${data.second_factor ? "A second factor is asked for when you sign in" : "Your password alone lets you in"}; ${counted(data.sessions.length, "session")} open.`
          : until(account, "your account")
      }
    >
      {account.isPending && <Loading />}
      {account.isError && (
        <ErrorState what="Your account could not be read" error={account.error} retry={account.refetch} />
      )}
      {data && (
        <>
          <Part title="Second factor">
            <SecondFactor account={data} />
          </Part>
          <Part title="Passkeys">
            <Passkeys account={data} />
          </Part>
          <Part title="Password">
            <Password />
          </Part>
          <Part title="Programs">
            <Tokens tokens={data.tokens} />
            <p>
              {"Programs that outlive you have accounts of their own: "}
              <Link to="/service-accounts">service accounts you own</Link>.
            </p>
          </Part>
          <Part title="Where you are signed in">
            <Sessions sessions={data.sessions} />
          </Part>
        </>
      )}
    </Page>
  );
}

function Sessions({ sessions }: { sessions: SessionItem[] }) {
  const cache = useQueryClient();
  const renew = () => void cache.invalidateQueries({ queryKey: ["account"] });
  const end = useMutation({ mutationFn: (id: string) => api.endSession(id), onSettled: renew });
  const endOthers = useMutation({ mutationFn: () => api.endOtherSessions(), onSettled: renew });
  const columns: Column<SessionItem>[] = [
    { title: "Browser", cell: (one) => one.agent ?? "it did not say" },
    { title: "Address", cell: (one) => one.address ?? "unknown" },
    { title: "Begun", narrow: true, cell: (one) => <Time at={one.created} /> },
    { title: "Last used", narrow: true, cell: (one) => <Time at={one.last_used} /> },
    {
      title: "State",
      narrow: true,
      cell: (one) =>
        one.current ? (
          "✓ this one"
        ) : (
          <Button size="compact-xs" variant="default" onClick={() => end.mutate(one.id)}>
            End
          </Button>
        ),
    },
  ];
  return (
    <>
      <Table label="Sessions" columns={columns} rows={sessions} id={(one) => one.id} />
      {sessions.length > 1 && (
        <Button variant="default" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
          End all others
        </Button>
      )}
      {(end.isError || endOthers.isError) && (
        <ErrorState what="The session goes on" error={end.error ?? endOthers.error} />
      )}
    </>
  );
}
