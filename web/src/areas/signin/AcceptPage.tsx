import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { api, type Session } from "../../api";
import { ErrorState, fieldProblem, Loading } from "../../ui/states";
import { Time } from "../../ui/Time";
import { spoken } from "../../ui/words";
import { isStep, SecondStep } from "./SecondStep";

export function AcceptPage() {
  // Behind the #: browsers send it to no server and tell it to no other page.
  const token = useLocation({ select: (at) => at.hash });
  const cache = useQueryClient();
  const navigate = useNavigate();
  const invitation = useQuery({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => api.invitation(token, signal),
    retry: false,
  });
  const enter = (session: Session) => {
    cache.clear();
    cache.setQueryData(["session"], session);
    void navigate({ to: "/" });
  };
  const accept = useMutation({
    mutationFn: (fields: { name: string; password: string }) => api.accept({ token, ...fields }),
    onSuccess: (answer) => isStep(answer) || enter(answer),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    accept.mutate({ name: String(fields.get("name")), password: String(fields.get("password")) });
  };
  if (accept.data && isStep(accept.data))
    return <SecondStep {...accept.data} onDone={enter} onAgain={() => void navigate({ to: "/" })} />;
  return (
    <main className="vt-door">
      <h1>Join Veritrail</h1>
      {invitation.isPending && <Loading rows={3} />}
      {invitation.isError && <ErrorState what="This invitation cannot be used" error={invitation.error} />}
      {invitation.data && (
        <form onSubmit={submit}>
          <p className="vt-state">
            {`${invitation.data.email} is invited as ${spoken(invitation.data.role)}. The invitation ends `}
            <Time at={invitation.data.expires} ageOnly />.
          </p>
          <input type="hidden" autoComplete="username" value={invitation.data.email} readOnly />
          <TextInput
            name="name"
            label="Your name"
            autoComplete="name"
            required
            error={fieldProblem(accept.error, "name")}
          />
          <PasswordInput
            name="password"
            label="Password"
            autoComplete="new-password"
            required
            mt="sm"
            error={fieldProblem(accept.error, "password")}
          />
          <Button type="submit" fullWidth my="md" loading={accept.isPending}>
            Join
          </Button>
        </form>
      )}
      {accept.isError && <ErrorState what="You have not joined yet" error={accept.error} />}
    </main>
  );
}
