import { Button } from "@mantine/core";
import { useState } from "react";

/** A value to take away, with a button that copies it; without clipboard access it stays selectable. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState("Copy");
  const copy = () =>
    navigator.clipboard.writeText(value).then(
      () => setCopied("Copied"),
      () => setCopied("Copying was refused: select the text"),
    );
  return (
    <div className="vt-copy">
      <code title={label}>{value}</code>
      <Button size="xs" variant="default" onClick={copy} aria-label={`${copied} ${label}`}>
        {copied}
      </Button>
    </div>
  );
}
