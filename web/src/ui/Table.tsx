import type { ReactNode } from "react";

export type Column<Row> = { title: string; cell: (row: Row) => ReactNode };

type Props<Row> = {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  id: (row: Row) => string;
  selected?: string;
  onOpen: (id: string) => void;
};

/** Dense rows; the first cell is a button, so a row opens by key as well as by hand. */
export function Table<Row>({ label, columns, rows, id, selected, onOpen }: Props<Row>) {
  return (
    <div className="vt-scroll">
      <table className="vt-table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col">
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)} data-selected={selected === id(row)} onClick={() => onOpen(id(row))}>
              {columns.map((column, index) => (
                <td key={column.title}>
                  {index === 0 ? (
                    <button type="button" className="vt-open">
                      {column.cell(row)}
                    </button>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
