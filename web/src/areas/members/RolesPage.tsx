import { NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { api, type OperationRow, type Role } from "../../api";
import { useScreen } from "../../app/screen";
import { useKeys } from "../../ui/keys";
import { Page, until } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { capital, counted, spoken } from "../../ui/words";
import { matching, reachOf } from "./rights";
import { ROLES } from "./roles";

/** Marks that differ in shape; each is spoken as its word. */
const MARKS = { yes: "●", department: "◐", own: "○", no: "·" } as const;
const SPOKEN = { yes: "everything", department: "own departments", own: "what is the own", no: "no" } as const;

const column = (role: Role): Column<OperationRow> => ({
  title: capital(spoken(role)),
  narrow: true,
  cell: (row) => {
    const width = reachOf(row, role);
    return (
      <span className={width === "no" ? "vt-muted" : undefined} title={SPOKEN[width]}>
        <span aria-hidden="true">{MARKS[width]} </span>
        <span className="vt-reach">{SPOKEN[width]}</span>
      </span>
    );
  },
});

export function RolesPage() {
  const { screen, change } = useScreen();
  const table = useQuery({ queryKey: ["roles"], queryFn: ({ signal }) => api.roles(signal) });
  const words = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => words.current?.focus() });
  const role = ROLES.find((one) => one.value === screen.role);
  const rows = table.data ? matching(table.data.items, screen.q, role?.value) : [];
  const columns: Column<OperationRow>[] = [
    { title: "May", main: true, cell: (row) => capital(row.does) },
    ...(role ? [role] : ROLES).map((one) => column(one.value)),
    { title: "Operation", narrow: true, cell: (row) => <code>{row.operation}</code> },
  ];
  return (
    <Page
      title="Roles"
      state={
        table.data
          ? role
            ? `${role.label}. ${counted(rows.length, "operation")}.`
            : `Who may do what, as the policy in force answers: ${counted(table.data.items.length, "operation")}, eight roles; a member has exactly one.`
          : until(table, "the roles")
      }
    >
      <div className="vt-words">
        <TextInput
          ref={words}
          value={screen.q ?? ""}
          onChange={(typed) => change({ q: typed.currentTarget.value || undefined })}
          aria-label="Words"
          placeholder="Words: export, members, reveal"
        />
        <NativeSelect
          aria-label="Role"
          value={role?.value ?? ""}
          onChange={(picked) => change({ role: picked.currentTarget.value || undefined })}
          data={[
            { value: "", label: "All roles" },
            ...ROLES.map((one) => ({ value: one.value, label: capital(spoken(one.value)) })),
          ]}
        />
      </div>
      <p className="vt-muted">
        ● everything, ◐ within the departments answered for, ○ what is the own, · no. Every cell is asserted by a test
        against the engine.
      </p>
      {table.isPending && <Loading />}
      {table.isError && <ErrorState what="The roles could not be read" error={table.error} retry={table.refetch} />}
      {table.data && rows.length === 0 && (
        <EmptyState title="No operation matches">Remove a word, or choose another role.</EmptyState>
      )}
      {rows.length > 0 && <Table label="Roles" columns={columns} rows={rows} id={(row) => row.operation} />}
    </Page>
  );
}
