import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type SecondStep as Asked, api, type Session } from "../../api";
import { CodeField, Enrol, RecoveryCodes } from "../../ui/Enrol";
import { ErrorState, fieldProblem, Loading } from "../../ui/states";
import { ByPasskey } from "./ByPasskey";

/** Whether a first step led to another one instead of a session. */
export const isStep = (answer: Session | Asked): answer is Asked => "step" in answer;

type Props = { step: Asked["step"]; onDone: (session: Session) => void; onAgain: () => void };

/** What stands between the password and the session: a code, or the enrolment of an app where the role needs one. */
export function SecondStep({ step, onDone, onAgain }: Props) {
  return (
    <main className="vt-door">
      {step === "code" && <GiveCode onDone={onDone} />}
      {step === "enrol" && <SetUp onDone={onDone} />}
      {step === "passkey" && (
        <>
          <h1>One step more</h1>
          <p className="vt-state">Your role comes in with a second factor only: take your passkey.</p>
          <ByPasskey onDone={onDone} />
        </>
      )}
      <Button variant="default" fullWidth onClick={onAgain}>
        Begin again
      </Button>
    </main>
  );
}

function GiveCode({ onDone }: { onDone: (session: Session) => void }) {
  const [code, setCode] = useState("");
  const give = useMutation({ mutationFn: () => api.giveCode(code), onSuccess: onDone });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    give.mutate();
  };
  return (
    <>
      <h1>One step more</h1>
      <p className="vt-state">Your authenticator app shows a code for Veritrail. A recovery code does too.</p>
      <form onSubmit={submit}>
        <CodeField label="Code" value={code} onChange={setCode} />
        <Button type="submit" fullWidth my="md" loading={give.isPending}>
          Go on
        </Button>
      </form>
      {give.isError && <ErrorState what="You are not signed in" error={give.error} />}
    </>
  );
}

function SetUp({ onDone }: { onDone: (session: Session) => void }) {
  const enrolment = useQuery({
    queryKey: ["enrolment"],
    queryFn: () => api.enrolInStep(),
    retry: false,
    // Asking again would make another secret under the hands of who scans this one.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const confirm = useMutation({ mutationFn: (code: string) => api.confirmInStep(code) });
  if (confirm.data)
    return (
      <>
        <h1>You are signed in</h1>
        <RecoveryCodes codes={confirm.data.recovery_codes} />
        <Button fullWidth my="md" onClick={() => onDone(confirm.data.session)}>
          I have kept them
        </Button>
      </>
    );
  return (
    <>
      <h1>Set up a second factor</h1>
      <p className="vt-state">Your role comes in with a second factor only.</p>
      {enrolment.isPending && <Loading rows={4} />}
      {enrolment.isError && <ErrorState what="Nothing can be set up" error={enrolment.error} />}
      {enrolment.data && (
        <Enrol
          enrolment={enrolment.data}
          pending={confirm.isPending}
          problem={fieldProblem(confirm.error, "code")}
          onCode={(code) => confirm.mutate(code)}
        />
      )}
      {confirm.isError && <ErrorState what="It is not set up yet" error={confirm.error} />}
    </>
  );
}
