import { Button, NativeSelect, TextInput } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useRef } from "react";
import { api, type OwnAct } from "../../api";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { Drawer } from "../../ui/Drawer";
import { Outcome } from "../../ui/event/columns";
import { useKeys } from "../../ui/keys";
import { Listing } from "../../ui/Listing";
import { Facts, Page } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { capital, shown, spoken } from "../../ui/words";
import { Digests } from "./Digests";

const COLUMNS: Column<OwnAct>[] = [
  { title: "When", narrow: true, cell: (entry) => <Time at={entry.time} /> },
  { title: "What happened", main: true, cell: (entry) => entry.sentence },
  { title: "Member", narrow: true, cell: (entry) => entry.member?.name ?? "nobody signed in" },
  { title: "Operation", narrow: true, cell: (entry) => <code>{entry.operation}</code> },
  { title: "Outcome", narrow: true, cell: (entry) => <Outcome event={entry} /> },
];

export function SelfPage() {
  const { screen, change } = useScreen();
  const mayMembers = useMay("members.list");
  const mayDigests = useMay("digests.list");
  const administrators = screen.acts === "administrators";
  const query = {
    member: screen.member,
    operation: screen.operation,
    acts: administrators ? "administrators" : undefined,
  };
  const entries = useInfiniteQuery({
    queryKey: ["self", query],
    queryFn: ({ pageParam, signal }) => api.self(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  const members = useQuery({
    queryKey: ["members"],
    queryFn: ({ signal }) => api.members(signal),
    enabled: mayMembers,
  });
  const words = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => words.current?.focus() });
  const search = (event: FormEvent) => {
    event.preventDefault();
    change({ operation: words.current?.value || undefined });
  };
  const opened = entries.data?.pages.flatMap((page) => page.items).find((entry) => entry.position === screen.open);
  return (
    <Page
      title="Own trail"
      state={
        administrators
          ? "What administrators and the host's command line did. Auditors get a digest of it every day; it has no switch."
          : "Everything members do in Veritrail, reading included. Nobody can switch it off or alter it."
      }
      actions={
        <Button
          size="xs"
          variant={administrators ? "filled" : "default"}
          aria-pressed={administrators}
          onClick={() => change({ acts: administrators ? undefined : "administrators", member: undefined })}
        >
          Administrators' acts
        </Button>
      }
    >
      {administrators && mayDigests && <Digests />}
      <form className="vt-words" onSubmit={search}>
        <TextInput
          ref={words}
          key={screen.operation}
          defaultValue={screen.operation}
          aria-label="Operation"
          placeholder="Operation: events.search"
        />
        {mayMembers && (
          <NativeSelect
            aria-label="Member"
            value={screen.member ?? ""}
            onChange={(picked) => change({ member: picked.currentTarget.value || undefined })}
            data={[
              { value: "", label: "All members" },
              ...(members.data?.items ?? []).map((member) => ({ value: member.id, label: member.name })),
            ]}
          />
        )}
      </form>
      <Listing
        of="entries"
        query={entries}
        columns={COLUMNS}
        id={(entry) => entry.position}
        selected={screen.open}
        onOpen={(open) => change({ open })}
        empty={<EmptyState title="No entry matches">Remove the operation or the member.</EmptyState>}
      />
      <Drawer
        title={`Entry ${screen.open ?? ""}`}
        open={opened !== undefined}
        onClose={() => change({ open: undefined })}
      >
        {opened && (
          <>
            <p className="vt-sentence">{opened.sentence}</p>
            <Facts
              facts={[
                ["When", <Time key="when" at={opened.time} />],
                ["Member", opened.member?.name ?? "nobody signed in"],
                ["Operation", <code key="operation">{opened.operation}</code>],
                ["Outcome", <Outcome key="outcome" event={opened} />],
                ["Target", opened.target || "none: it concerned nothing single"],
                ...Object.entries(opened.detail).map(([name, value]): [string, ReactNode] => [
                  capital(spoken(name)),
                  <code key={name}>{shown(value)}</code>,
                ]),
              ]}
            />
          </>
        )}
      </Drawer>
    </Page>
  );
}
