import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api";
import { useSession } from "../../app/session";
import { ErrorState, fieldProblem } from "../../ui/states";

/** Another password of one's own; the one in use is asked for before, where it was not just given. */
export function Password() {
  const [password, setPassword] = useState("");
  const { email } = useSession().member;
  const cache = useQueryClient();
  const change = useMutation({
    mutationFn: () => api.changePassword(password),
    onSuccess: () => {
      setPassword("");
      void cache.invalidateQueries({ queryKey: ["account"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form className="vt-form" onSubmit={submit}>
      <input type="hidden" autoComplete="username" value={email} readOnly />
      <PasswordInput
        label="New password"
        description="A long sentence only you know is best. Your other sessions end."
        autoComplete="new-password"
        required
        value={password}
        onChange={(typed) => setPassword(typed.currentTarget.value)}
        error={fieldProblem(change.error, "password")}
      />
      <Button type="submit" variant="default" loading={change.isPending}>
        Change the password
      </Button>
      {change.isSuccess && <p role="status">Changed.</p>}
      {change.isError && <ErrorState what="The password is still the old one" error={change.error} />}
    </form>
  );
}
