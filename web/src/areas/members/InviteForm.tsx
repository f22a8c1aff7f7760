import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api";
import { CopyField } from "../../ui/CopyField";
import { ErrorState, fieldProblem } from "../../ui/states";
import { type RoleChoice, RoleFields, sent } from "./RoleFields";

export function InviteForm() {
  const [email, setEmail] = useState("");
  const [choice, setChoice] = useState<RoleChoice>({ role: "analyst", departments: [], until: "" });
  const cache = useQueryClient();
  const invite = useMutation({
    mutationFn: () => api.invite({ email, ...sent(choice) }),
    onSuccess: () => {
      setEmail("");
      void cache.invalidateQueries({ queryKey: ["members"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <form className="vt-form" onSubmit={submit}>
      <TextInput
        label="E-mail"
        type="email"
        required
        value={email}
        onChange={(typed) => setEmail(typed.currentTarget.value)}
        error={fieldProblem(invite.error, "email")}
      />
      <RoleFields choice={choice} onChange={setChoice} error={invite.error} />
      <Button type="submit" loading={invite.isPending}>
        Make the invitation
      </Button>
      {invite.isError && <ErrorState what="Nobody was invited" error={invite.error} />}
      {invite.data && (
        <section className="vt-notice" role="status">
          <h2>{invite.data.mailed ? "The link was mailed" : "Send this link"}</h2>
          <p>Whoever opens it first joins with this role. If you send it yourself, use a way you trust.</p>
          <CopyField label="the invitation link" value={invite.data.link} />
        </section>
      )}
    </form>
  );
}
