import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, type Session } from "../../api";
import { ErrorState, fieldProblem, Loading } from "../../ui/states";
import { isStep, SecondStep } from "./SecondStep";

/** Where the link of a mail leads: another password in the place of the forgotten one. */
export function ResetPage() {
  // Behind the #: browsers send it to no server and tell it to no other page.
  const token = useLocation({ select: (at) => at.hash });
  const [password, setPassword] = useState("");
  const cache = useQueryClient();
  const navigate = useNavigate();
  const offered = useQuery({
    queryKey: ["reset", token],
    queryFn: ({ signal }) => api.offeredReset(token, signal),
    retry: false,
    // It is used up by the answer: asking again would say so under a form that worked.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const enter = (session: Session) => {
    cache.clear();
    cache.setQueryData(["session"], session);
    void navigate({ to: "/" });
  };
  const reset = useMutation({
    mutationFn: () => api.resetPassword(token, password),
    onSuccess: (answer) => isStep(answer) || enter(answer),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    reset.mutate();
  };
  if (reset.data && isStep(reset.data))
    return <SecondStep {...reset.data} onDone={enter} onAgain={() => void navigate({ to: "/" })} />;
  return (
    <main className="vt-door">
      <h1>Choose another password</h1>
      {offered.isPending && <Loading rows={3} />}
      {offered.isError && <ErrorState what="This link cannot be used" error={offered.error} />}
      {offered.data && (
        <form onSubmit={submit}>
          <p className="vt-state">{`For ${offered.data.email}. You are signed out everywhere else.`}</p>
          <input type="hidden" autoComplete="username" value={offered.data.email} readOnly />
          <PasswordInput
            label="New password"
            description="A long sentence only you know is best."
            autoComplete="new-password"
            required
            value={password}
            onChange={(typed) => setPassword(typed.currentTarget.value)}
            error={fieldProblem(reset.error, "password")}
          />
          <Button type="submit" fullWidth my="md" loading={reset.isPending}>
            Take this password
          </Button>
        </form>
      )}
      {reset.isError && <ErrorState what="The password is still the old one" error={reset.error} />}
    </main>
  );
}
