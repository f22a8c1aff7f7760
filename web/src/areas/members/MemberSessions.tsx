import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Member } from "../../api";
import { Part } from "../../ui/Page";
import { ErrorState, Loading } from "../../ui/states";
import { Time } from "../../ui/Time";

/** Where a member is signed in, and what helps him when a phone or a laptop is lost. */
export function MemberSessions({ member }: { member: Member }) {
  const cache = useQueryClient();
  const key = ["sessions", member.id];
  const sessions = useQuery({ queryKey: key, queryFn: ({ signal }) => api.sessionsOf(member.id, signal) });
  const renew = () => {
    void cache.invalidateQueries({ queryKey: key });
    void cache.invalidateQueries({ queryKey: ["members"] });
  };
  const signOut = useMutation({ mutationFn: () => api.signOutMember(member.id), onSuccess: renew });
  const reset = useMutation({ mutationFn: () => api.resetFactor(member.id), onSuccess: renew });
  const items = sessions.data?.items ?? [];
  return (
    <Part title="Signed in">
      {sessions.isPending && <Loading rows={2} />}
      {sessions.isError && <ErrorState what="The sessions could not be read" error={sessions.error} />}
      {sessions.isSuccess && items.length === 0 && <p className="vt-muted">Nowhere at the moment.</p>}
      {items.map((one) => (
        <p key={one.id}>
          {`${one.agent ?? "A browser"} from ${one.address ?? "an unknown address"}, last used `}
          <Time at={one.last_used} ageOnly />
        </p>
      ))}
      <div className="vt-actions">
        {items.length > 0 && (
          <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
            Sign out everywhere
          </Button>
        )}
        {member.second_factor && (
          <Button
            variant="default"
            loading={reset.isPending}
            onClick={() =>
              window.confirm(
                `Take the second factor of ${member.name} away? Make sure that it is ${member.name} who asks: the password alone lets in from then on.`,
              ) && reset.mutate()
            }
          >
            Take the second factor away
          </Button>
        )}
      </div>
      {(signOut.isError || reset.isError) && (
        <ErrorState what="Nothing was changed" error={signOut.error ?? reset.error} />
      )}
    </Part>
  );
}
