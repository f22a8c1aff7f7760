import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, type FieldClass, type FieldState } from "../../api";
import { Dialog } from "../Dialog";
import { ErrorState, fieldProblem } from "../states";
import { Time } from "../Time";
import { maskedWords } from "./revealing";

type Value = { state: FieldState; class: FieldClass; until: string | null };
type Props = { position: string; name: string; field: string; value: Value; may: boolean };

/** How a value stands for its reader, and the way to see it where there is one. */
export function Standing({ position, name, field, value, may }: Props): ReactNode {
  if (value.state === "shown") return null;
  if (value.state === "revealed") {
    return (
      <span className="vt-meta" role="status">
        {"Revealed to you, over "}
        {value.until && <Time at={value.until} ageOnly />}
      </span>
    );
  }
  return (
    <>
      <span className="vt-meta">{maskedWords(value.state, value.class)}</span>{" "}
      {value.state === "masked" && may && (
        <RevealButton position={position} name={name} field={field} kind={value.class} />
      )}
    </>
  );
}

type Asked = { position: string; name: string; field: string; kind: FieldClass };

export function RevealButton(asked: Asked) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="compact-xs" variant="default" aria-label={`Reveal… ${asked.name}`} onClick={() => setOpen(true)}>
        Reveal…
      </Button>
      {open && <RevealDialog {...asked} onClose={() => setOpen(false)} />}
    </>
  );
}

function RevealDialog({ position, name, field, kind, onClose }: Asked & { onClose: () => void }) {
  const [reason, setReason] = useState("");
  const cache = useQueryClient();
  const reveal = useMutation({
    mutationFn: () => api.reveal(position, { fields: [field], reason }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ["event", position] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    reveal.mutate();
  };
  return (
    <Dialog title={`Reveal ${name}`} onClose={onClose}>
      <form className="vt-form" onSubmit={submit}>
        <p>
          {kind === "sensitive"
            ? "A privacy officer must approve. Once approved, you alone are shown it for an hour. Your request and its reason stay in the own trail."
            : "You alone are shown it for 15 minutes. That you were, and why, stays in the own trail."}
        </p>
        <TextInput
          label="Reason"
          description="A case number or the like. It stays: do not name the person."
          required
          maxLength={500}
          data-autofocus
          value={reason}
          error={fieldProblem(reveal.error, "reason")}
          onChange={(typed) => setReason(typed.currentTarget.value)}
        />
        <Button type="submit" loading={reveal.isPending}>
          {kind === "sensitive" ? "Ask a privacy officer" : "Reveal"}
        </Button>
        {reveal.isError && <ErrorState what="Nothing was revealed" error={reveal.error} />}
      </form>
    </Dialog>
  );
}
