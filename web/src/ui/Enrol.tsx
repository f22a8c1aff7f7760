import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Enrolment } from "../api";
import { CopyButton, CopyField } from "./CopyField";

type Props = { enrolment: Enrolment; pending: boolean; problem: string | undefined; onCode: (code: string) => void };

/** The secret for an authenticator app, as a drawing and in letters, and the app's first code. */
export function Enrol({ enrolment, pending, problem, onCode }: Props) {
  const [code, setCode] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onCode(code);
  };
  return (
    <form onSubmit={submit}>
      <p>Scan this with an authenticator app on your phone, or type the secret into it.</p>
      <svg
        className="vt-code"
        viewBox={`0 0 ${enrolment.size} ${enrolment.size}`}
        shapeRendering="crispEdges"
        role="img"
        aria-label="The code to scan"
      >
        <rect width="100%" height="100%" fill="#fff" />
        <path d={enrolment.path} fill="#000" />
      </svg>
      <CopyField label="the secret" value={enrolment.secret} />
      <CodeField value={code} onChange={setCode} problem={problem} label="The code it shows now" />
      <Button type="submit" fullWidth my="md" loading={pending}>
        Set up
      </Button>
    </form>
  );
}

type FieldProps = { label: string; value: string; onChange: (code: string) => void; problem?: string };

/** A code of an authenticator app; browsers offer to fill it in. */
export function CodeField({ label, value, onChange, problem }: FieldProps) {
  return (
    <TextInput
      label={label}
      autoComplete="one-time-code"
      spellCheck={false}
      required
      data-autofocus
      mt="sm"
      value={value}
      onChange={(typed) => onChange(typed.currentTarget.value)}
      error={problem}
    />
  );
}

/** Codes that are shown this once. */
export function RecoveryCodes({ codes }: { codes: string[] }) {
  return (
    <section className="vt-notice" role="status">
      <h2>Keep these recovery codes</h2>
      <p>
        Each lets you in once when your phone is gone. They are shown this once; print them, or put them where you keep
        passwords.
      </p>
      <ul className="vt-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <CopyButton label="all recovery codes" value={codes.join("\n")}>
        Copy all
      </CopyButton>
    </section>
  );
}
