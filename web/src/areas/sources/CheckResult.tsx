import type { Checked } from "../../api";

export function CheckResult({ checked }: { checked: Checked }) {
  return (
    <section className="vt-notice" role="status" data-ok={checked.ok}>
      <h2>{checked.ok ? "✓ It works" : "▲ It does not work yet"}</h2>
      <p>{checked.summary}</p>
      <ul>
        {checked.streams.map((one) => (
          <li key={one.stream}>{`${one.available ? "✓" : "▲"} ${one.stream}: ${one.detail}`}</li>
        ))}
      </ul>
    </section>
  );
}
