/** Done, waiting or wrong, by shape and word as well as colour. */
const SHAPES = { ok: "✓", waiting: "○", trouble: "▲", paused: "‖" } as const;
const WORDS = { ok: "receiving", waiting: "waiting for its first record", trouble: "in trouble", paused: "paused" };

export function Health({ status }: { status: keyof typeof SHAPES }) {
  return (
    <span className="vt-health" data-status={status}>
      <span aria-hidden="true">{SHAPES[status]}</span> {WORDS[status]}
    </span>
  );
}
