import { NativeSelect, TextInput } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef } from "react";
import { api, type Person } from "../../api";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { useKeys } from "../../ui/keys";
import { Listing } from "../../ui/Listing";
import { Page, until } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import type { Column } from "../../ui/Table";
import { count, counted } from "../../ui/words";

const COLUMNS: Column<Person>[] = [
  { title: "Name", cell: (person) => person.name },
  { title: "Title", cell: (person) => person.title ?? "not in the directory" },
  { title: "Department", cell: (person) => person.department?.name ?? "not in the directory" },
  { title: "Manager", cell: (person) => person.manager?.name ?? "nobody named" },
  { title: "E-mail", cell: (person) => person.email ?? "not in the directory" },
  { title: "Accounts", numeric: true, cell: (person) => count(person.accounts) },
];

export function PersonsPage() {
  const { screen, change } = useScreen();
  const navigate = useNavigate();
  const mayDepartments = useMay("departments.list");
  const query = { q: screen.q, department: screen.department };
  const persons = useInfiniteQuery({
    queryKey: ["persons", query],
    queryFn: ({ pageParam, signal }) => api.persons(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  const departments = useQuery({
    queryKey: ["departments"],
    queryFn: ({ signal }) => api.departments(signal),
    enabled: mayDepartments,
  });
  const words = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => words.current?.focus() });
  const search = (submitted: FormEvent) => {
    submitted.preventDefault();
    change({ q: words.current?.value || undefined });
  };
  const shown = persons.data?.pages.reduce((sum, page) => sum + page.items.length, 0);
  return (
    <Page
      title="People"
      state={
        shown === undefined
          ? until(persons, "the directory")
          : `${counted(shown, "person").replace("persons", "people")} shown${persons.hasNextPage ? ", more below" : ""}.`
      }
    >
      <form className="vt-words" onSubmit={search}>
        <TextInput
          ref={words}
          key={screen.q}
          defaultValue={screen.q}
          aria-label="Search people"
          placeholder="Name or e-mail"
        />
        <NativeSelect
          aria-label="Department"
          value={screen.department ?? ""}
          onChange={(picked) => change({ department: picked.currentTarget.value || undefined })}
          data={[
            { value: "", label: "All departments" },
            ...(departments.data?.items ?? []).map((one) => ({
              value: one.id,
              label: `${one.name} (${count(one.persons)})`,
            })),
          ]}
        />
      </form>
      <Listing
        of="people"
        query={persons}
        columns={COLUMNS}
        id={(person) => person.id}
        onOpen={(id) => void navigate({ to: "/persons/$id", params: { id } })}
        empty={
          <EmptyState title="Nobody is here">
            {screen.q || screen.department
              ? "Remove the words or the department."
              : "People come from the directory file that an administrator imports."}
          </EmptyState>
        }
      />
    </Page>
  );
}
