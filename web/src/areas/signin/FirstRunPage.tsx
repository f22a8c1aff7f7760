import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type SecondStep as Asked, api, type Session } from "../../api";
import { CopyField } from "../../ui/CopyField";
import { ErrorState, fieldProblem } from "../../ui/states";
import { isStep, SecondStep } from "./SecondStep";

const FIELDS = [
  {
    name: "code",
    label: "One-time code",
    help: "`veritrail init` printed it on the machine that runs Veritrail.",
    type: "text",
    auto: "one-time-code",
  },
  {
    name: "organisation",
    label: "Organisation",
    help: "As it should stand on every page.",
    type: "text",
    auto: "organization",
  },
  { name: "name", label: "Your name", help: "", type: "text", auto: "name" },
  { name: "email", label: "E-mail", help: "You sign in with it.", type: "email", auto: "username" },
] as const;

/** Nobody is a member yet: the holder of the code becomes the administrator, and invites the first person who may read. */
export function FirstRunPage({ onDone }: { onDone: (session: Session) => void }) {
  const [session, setSession] = useState<Session | null>(null);
  const [step, setStep] = useState<Asked["step"] | null>(null);
  const begin = useMutation({
    mutationFn: (fields: Record<string, string>) =>
      api.begin({
        code: fields.code ?? "",
        organisation: fields.organisation ?? "",
        name: fields.name ?? "",
        email: fields.email ?? "",
        password: fields.password ?? "",
      }),
    onSuccess: (answer) => (isStep(answer) ? setStep(answer.step) : setSession(answer)),
  });
  if (session) return <FirstAnalyst onDone={() => onDone(session)} />;
  // The administrator is there already: beginning again is signing in.
  if (step) return <SecondStep step={step} onDone={setSession} onAgain={() => window.location.assign("/")} />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    begin.mutate(Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>);
  };
  return (
    <main className="vt-door">
      <h1>Set up Veritrail</h1>
      <p className="vt-state">
        You become the administrator: you connect sources and invite members. You will not read the trail's contents.
      </p>
      <form onSubmit={submit}>
        {FIELDS.map((field) => (
          <TextInput
            key={field.name}
            mb="sm"
            name={field.name}
            label={field.label}
            description={field.help}
            type={field.type}
            autoComplete={field.auto}
            required
            error={fieldProblem(begin.error, field.name)}
          />
        ))}
        <PasswordInput
          name="password"
          label="Password"
          description="A long sentence only you know is best."
          autoComplete="new-password"
          required
          error={fieldProblem(begin.error, "password")}
        />
        <Button type="submit" fullWidth my="md" loading={begin.isPending}>
          Set up
        </Button>
      </form>
      {begin.isError && <ErrorState what="Veritrail is not set up yet" error={begin.error} />}
    </main>
  );
}

function FirstAnalyst({ onDone }: { onDone: () => void }) {
  const [email, setEmail] = useState("");
  const invite = useMutation({ mutationFn: () => api.invite({ email, role: "analyst" }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <main className="vt-door">
      <h1>Invite an analyst</h1>
      <p className="vt-state">An analyst reads the trail and handles alerts. Send the link by a way you trust.</p>
      {invite.data ? (
        <CopyField label="the invitation link" value={invite.data.link} />
      ) : (
        <form onSubmit={submit}>
          <TextInput
            label="The analyst's e-mail"
            type="email"
            required
            value={email}
            onChange={(typed) => setEmail(typed.currentTarget.value)}
            error={fieldProblem(invite.error, "email")}
          />
          <Button type="submit" fullWidth my="md" loading={invite.isPending}>
            Make the invitation
          </Button>
        </form>
      )}
      {invite.isError && <ErrorState what="Nobody was invited" error={invite.error} />}
      <Button variant="default" fullWidth my="md" onClick={onDone}>
        {invite.data ? "Go on" : "Later"}
      </Button>
    </main>
  );
}
