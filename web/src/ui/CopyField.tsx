import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";

/** A value to take away, with a button that copies it; without clipboard access it stays selectable. */
export function CopyField({ label, value }: { label: string; value: string }) {
  return (
    <div className="vt-copy">
      <code title={label}>{value}</code>
      <CopyButton label={label} value={value}>
        Copy
      </CopyButton>
    </div>
  );
}

/** Copies a value that need not be read; where copying is refused, it is shown to be selected. */
export function CopyButton({ label, value, children }: { label: string; value: string; children: ReactNode }) {
  const [done, setDone] = useState<{ value: string; copied: boolean } | null>(null);
  const state = done?.value === value ? done : null;
  const copy = () =>
    // Without TLS a browser has no clipboard at all.
    Promise.resolve(navigator.clipboard?.writeText(value) ?? Promise.reject(new Error("no clipboard"))).then(
      () => setDone({ value, copied: true }),
      () => setDone({ value, copied: false }),
    );
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={copy} title={label}>
        {state?.copied ? "Copied" : children}
      </Button>
      {state && !state.copied && <code className="vt-selectable">{value}</code>}
    </>
  );
}
