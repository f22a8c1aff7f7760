import { Button, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import { Menu } from "../ui/Menu";
import { absolute, brief, readerZone } from "../ui/time";
import { counted } from "../ui/words";
import { useScreen } from "./screen";

const RANGES = [
  { value: "-15m", label: "Last 15 minutes" },
  { value: "-1h", label: "Last hour" },
  { value: "-24h", label: "Last 24 hours" },
  { value: "-7d", label: "Last 7 days" },
  { value: "-30d", label: "Last 30 days" },
  { value: "-365d", label: "Last 365 days" },
];

/** "2026-11-24T23:14" as `datetime-local` fields write it, in the reader's zone. */
function local(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  return absolute(at.toISOString()).slice(0, 16).replace(" ", "T");
}

const UNITS: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

/** "-14d" as the address writes it: "14 days". */
function sinceWords(time: string): string {
  const [, number, unit] = /^-(\d+)([smhdw])$/.exec(time) ?? [];
  return number && unit ? counted(Number(number), UNITS[unit] ?? unit) : time;
}

export function TimeRange() {
  const { range, change } = useScreen();
  const known = range.until === undefined ? RANGES.find((one) => one.value === range.from) : undefined;
  const now = Date.now();
  const end = (time: string) => (time.startsWith("-") ? `${sinceWords(time)} ago` : brief(time, now, false));
  const label =
    known?.label ??
    (range.until === undefined && range.from.startsWith("-")
      ? `Last ${sinceWords(range.from)}`
      : `${end(range.from)} to ${range.until ? end(range.until) : "now"}`);
  const zone = readerZone();
  return (
    <Menu label={label} hint={`The time range of this page, in ${zone}`}>
      {(close) => {
        const choose = (submitted: FormEvent<HTMLFormElement>) => {
          submitted.preventDefault();
          const fields = new FormData(submitted.currentTarget);
          const instant = (name: string) => {
            const text = String(fields.get(name) ?? "");
            return text ? new Date(text).toISOString() : undefined;
          };
          change({ from: instant("from") ?? range.from, until: instant("until") });
          close();
        };
        return (
          <>
            <ul className="vt-choices">
              {RANGES.map((one) => (
                <li key={one.value}>
                  <button
                    type="button"
                    aria-pressed={one === known}
                    onClick={() => {
                      change({ from: one.value, until: undefined });
                      close();
                    }}
                  >
                    {one.label}
                  </button>
                </li>
              ))}
            </ul>
            <form onSubmit={choose}>
              <TextInput size="xs" type="datetime-local" name="from" label="From" defaultValue={local(range.from)} />
              <TextInput
                size="xs"
                type="datetime-local"
                name="until"
                label="Until"
                defaultValue={local(range.until ?? "")}
              />
              <p className="vt-meta">{`Times are in ${zone}. An empty end means now.`}</p>
              <Button type="submit" size="xs">
                Show this range
              </Button>
            </form>
          </>
        );
      }}
    </Menu>
  );
}
