import { useQuery } from "@tanstack/react-query";
import { api, type Department } from "../../api";
import { Page, until } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { count, counted } from "../../ui/words";
import { ImportDirectory } from "./ImportDirectory";

/** What an administrator sees of the directory: its departments and how many belong to each, never who does what. */
export function DirectoryPage() {
  const departments = useQuery({ queryKey: ["departments"], queryFn: ({ signal }) => api.departments(signal) });
  const items = departments.data?.items;
  const nameOf = (id: string | null) => items?.find((one) => one.id === id)?.name;
  const columns: Column<Department>[] = [
    { title: "Department", main: true, cell: (one) => one.name },
    { title: "Part of", cell: (one) => nameOf(one.parent) ?? "the organisation" },
    { title: "People", numeric: true, narrow: true, cell: (one) => count(one.persons) },
  ];
  const people = items?.reduce((sum, one) => sum + one.persons, 0) ?? 0;
  return (
    <Page
      title="Directory"
      state={
        items
          ? `${count(people)} people in ${counted(items.length, "department")}. Events find their person and department through it.`
          : until(departments, "the directory")
      }
      actions={<ImportDirectory />}
    >
      {departments.isPending && <Loading />}
      {departments.isError && (
        <ErrorState what="The departments could not be read" error={departments.error} retry={departments.refetch} />
      )}
      {items?.length === 0 && (
        <EmptyState title="The directory is empty">
          Import the personnel file above: one line a person with name, department, manager and account names. Until
          then events show accounts, not people.
        </EmptyState>
      )}
      {items && items.length > 0 && <Table label="Departments" columns={columns} rows={items} id={(one) => one.id} />}
    </Page>
  );
}
