import { Button } from "@mantine/core";
import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorState, Loading } from "./states";
import { type Column, Table } from "./Table";

type Props<Row> = {
  /** The plural noun: "events". */
  of: string;
  columns: Column<Row>[];
  query: UseInfiniteQueryResult<{ pages: { items: Row[]; next: string | null }[] }>;
  id: (row: Row) => string;
  selected?: string;
  onOpen?: (id: string) => void;
  empty: ReactNode;
};

/** A paged list in all its states: waiting, failed, empty, rows, more. */
export function Listing<Row>({ of, columns, query, id, selected, onOpen, empty }: Props<Row>) {
  if (query.isPending) return <Loading />;
  if (!query.data) return <ErrorState what={`The ${of} could not be read`} error={query.error} retry={query.refetch} />;
  const rows = query.data.pages.flatMap((page) => page.items);
  if (rows.length === 0 && !query.isError) return empty;
  return (
    <>
      {query.isRefetchError && (
        <ErrorState
          what={`What you see is not the newest: the ${of} could not be read again`}
          error={query.error}
          retry={query.refetch}
        />
      )}
      <Table label={of} columns={columns} rows={rows} id={id} selected={selected} onOpen={onOpen} />
      {query.isFetchNextPageError && <ErrorState what={`No more ${of} could be read`} error={query.error} />}
      {query.hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => query.fetchNextPage()} loading={query.isFetchingNextPage}>
          {`More ${of}`}
        </Button>
      )}
    </>
  );
}
