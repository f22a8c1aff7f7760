import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../api";
import { Dialog } from "../ui/Dialog";
import { CodeField } from "../ui/Enrol";
import { ErrorState } from "../ui/states";

type Props = { hasApp: boolean; onEnd: (shown: boolean) => void };

/** The password, or a code of the app, once more. */
export function Ask({ hasApp, onEnd }: Props) {
  const [byCode, setByCode] = useState(false);
  const [text, setText] = useState("");
  const show = useMutation({
    mutationFn: () => api.confirmSession(byCode ? { code: text } : { password: text }),
    onSuccess: () => onEnd(true),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    show.mutate();
  };
  return (
    <Dialog title="Show once more who you are" onClose={() => onEnd(false)}>
      <form className="vt-form" onSubmit={submit}>
        <p>What you are about to do cannot be undone, or changes who may do what.</p>
        {byCode ? (
          <CodeField label="Code of your authenticator app" value={text} onChange={setText} />
        ) : (
          <PasswordInput
            label="Your password"
            autoComplete="current-password"
            required
            data-autofocus
            value={text}
            onChange={(typed) => setText(typed.currentTarget.value)}
          />
        )}
        <Button type="submit" loading={show.isPending}>
          Go on
        </Button>
        {hasApp && (
          <Button
            variant="default"
            onClick={() => {
              setText("");
              setByCode(!byCode);
            }}
          >
            {byCode ? "Use the password" : "Use a code of the app"}
          </Button>
        )}
        {show.isError && <ErrorState what="That was not it" error={show.error} />}
      </form>
    </Dialog>
  );
}
