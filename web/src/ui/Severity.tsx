import type { SeverityName } from "../api";

/** Shape and word carry the meaning too, so it reads without colour. */
const SHAPES: Record<SeverityName, string> = { info: "○", low: "◇", medium: "△", high: "▲", critical: "■" };

export function Severity({ level }: { level: SeverityName }) {
  return (
    <span className="vt-severity" data-level={level}>
      <span aria-hidden="true">{SHAPES[level]}</span> {level}
    </span>
  );
}
