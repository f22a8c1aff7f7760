import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api";
import { ErrorState } from "../../ui/states";

export function SignInPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const cache = useQueryClient();
  const signIn = useMutation({
    mutationFn: () => api.signIn(email, password),
    onSuccess: (session) => cache.setQueryData(["session"], session),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <main className="vt-signin">
      <h1>Sign in to Veritrail</h1>
      <form onSubmit={submit}>
        <TextInput
          label="Email"
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
      {signIn.isError && <ErrorState what="You are not signed in" error={signIn.error} />}
    </main>
  );
}
