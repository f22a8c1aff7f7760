import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api";
import { ErrorState } from "../../ui/states";

/** Asks for a link by mail. What is answered does not depend on whether there is such a member. */
export function Forgotten({ onBack }: { onBack: () => void }) {
  const [email, setEmail] = useState("");
  const ask = useMutation({ mutationFn: () => api.forgotPassword(email) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  return (
    <main className="vt-door">
      <h1>Another password</h1>
      {ask.isSuccess ? (
        <p role="status">
          If this is the address of a member, a mail with a link is on its way. The link works once, for 30 minutes.
        </p>
      ) : (
        <form onSubmit={submit}>
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={(typed) => setEmail(typed.currentTarget.value)}
          />
          <Button type="submit" fullWidth my="md" loading={ask.isPending}>
            Send me a link
          </Button>
        </form>
      )}
      {ask.isError && <ErrorState what="No mail was sent" error={ask.error} />}
      <Button variant="default" fullWidth onClick={onBack}>
        Back to the sign-in
      </Button>
    </main>
  );
}
