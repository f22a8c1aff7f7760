import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useState } from "react";
import { api } from "../api";
import { Dialog } from "../ui/Dialog";
import { ErrorState } from "../ui/states";
import { capital } from "../ui/words";
import { allowedPages } from "./pages";
import { useMay, useSession } from "./session";

export type Action = { title: string; run: () => void };
/** So long a pause in typing makes a question. */
const PAUSE_MS = 200;

type Entry = { key: string; kind: string; title: string; subtitle: string; run: () => void };

/** Ctrl-K: pages and actions at once, people, records, events and alerts as the server finds them. */
export function Palette({ actions, onClose }: { actions: Action[]; onClose: () => void }) {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  // Each search is written to the own trail: ask for words, not for letters.
  const [asked] = useDebouncedValue(words.trim(), PAUSE_MS);
  const navigate = useNavigate();
  const may = useMay("search.everything");
  const operations = useSession().operations;
  const found = useQuery({
    queryKey: ["search", asked],
    queryFn: ({ signal }) => api.search(asked, signal),
    enabled: may && asked.length > 1,
    placeholderData: keepPreviousData,
  });
  const go = (href: string) => () => void navigate({ href });
  const fits = (title: string) => title.toLowerCase().includes(words.trim().toLowerCase());
  const entries: Entry[] = [
    ...allowedPages(operations)
      .filter((page) => fits(page.title))
      .map((page) => ({ key: page.to, kind: "page", title: page.title, subtitle: "", run: go(page.to) })),
    ...actions
      .filter((action) => fits(action.title))
      .map((action) => ({ key: action.title, kind: "action", title: action.title, subtitle: "", run: action.run })),
    ...(asked.length > 1 ? (found.data?.items ?? []) : [])
      .filter((one) => one.kind !== "page")
      .map((one) => ({ ...one, key: one.kind + one.id, run: go(one.href) })),
  ];
  const chosen = Math.min(at, entries.length - 1);
  const pick = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const press = (key: KeyboardEvent) => {
    if (key.key === "ArrowDown") setAt(Math.min(entries.length - 1, chosen + 1));
    else if (key.key === "ArrowUp") setAt(Math.max(0, chosen - 1));
    else if (key.key === "Enter") pick(entries[chosen]);
    else return;
    key.preventDefault();
  };
  return (
    <Dialog title="Search" onClose={onClose}>
      <TextInput
        aria-label="Search people, records, events, pages and actions"
        placeholder="A name, a record, an event's position, a page"
        role="combobox"
        aria-expanded="true"
        aria-controls="vt-found"
        aria-activedescendant={entries[chosen] ? `vt-found-${chosen}` : undefined}
        data-autofocus
        value={words}
        onChange={(typed) => {
          setWords(typed.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      {found.isError && <ErrorState what="The search failed" error={found.error} />}
      <div id="vt-found" className="vt-found" role="listbox" aria-label="Found">
        {entries.map((entry, place) => (
          <button
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={place === chosen}
            id={`vt-found-${place}`}
            key={entry.key}
            onClick={() => pick(entry)}
          >
            <span>{entry.title}</span>
            <span className="vt-meta">{entry.subtitle || capital(entry.kind)}</span>
          </button>
        ))}
      </div>
      {entries.length === 0 && (
        <p className="vt-muted">{found.isFetching || asked !== words.trim() ? "Searching." : "Nothing found."}</p>
      )}
    </Dialog>
  );
}
