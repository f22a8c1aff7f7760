import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Session } from "../../api";
import { ErrorState } from "../../ui/states";
import { ByPasskey } from "./ByPasskey";
import { ByProvider } from "./ByProvider";
import { Forgotten } from "./Forgotten";
import { isStep, SecondStep } from "./SecondStep";

type Props = { passkeys: boolean; letters: boolean; provider?: string | null; onDone: (session: Session) => void };

export function SignInPage({ passkeys, letters, provider, onDone }: Props) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [forgotten, setForgotten] = useState(false);
  const signIn = useMutation({
    mutationFn: () => api.signIn(email, password),
    onSuccess: (answer) => isStep(answer) || onDone(answer),
  });
  const again = () => {
    setPassword("");
    signIn.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  if (signIn.data && isStep(signIn.data)) return <SecondStep {...signIn.data} onDone={onDone} onAgain={again} />;
  if (forgotten) return <Forgotten onBack={() => setForgotten(false)} />;
  return (
    <main className="vt-door">
      <h1>Sign in to Veritrail</h1>
      {provider && <ByProvider title={provider} />}
      <form onSubmit={submit}>
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(change) => setEmail(change.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          mt="sm"
          value={password}
          onChange={(change) => setPassword(change.currentTarget.value)}
        />
        <Button type="submit" fullWidth my="md" loading={signIn.isPending}>
          Sign in
        </Button>
      </form>
      {passkeys && <ByPasskey onDone={onDone} />}
      {letters && (
        <Button variant="default" fullWidth onClick={() => setForgotten(true)}>
          The password is forgotten
        </Button>
      )}
      {signIn.isError && <ErrorState what="You are not signed in" error={signIn.error} />}
    </main>
  );
}
