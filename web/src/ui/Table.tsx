import { type ReactNode, useRef } from "react";
import { useKeys } from "./keys";

export type Column<Row> = {
  id?: string;
  title: string;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
  /** Says what the row is, opens it and takes the room that is left; the first column where none is marked. */
  main?: boolean;
  /** Stays on one line. */
  narrow?: boolean;
};

type Props<Row> = {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  id: (row: Row) => string;
  selected?: string;
  /** Without it the rows are only read. */
  onOpen?: (id: string) => void;
};

/** Dense rows. j and k move through the main cells' buttons, Enter opens; with a row open they open the next one. Narrow screens stack the cells. */
export function Table<Row>({ label, columns, rows, id, selected, onOpen }: Props<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const move = (step: number) => {
    if (!onOpen || rows.length === 0) return;
    const buttons = [...(body.current?.querySelectorAll<HTMLElement>(".vt-open") ?? [])];
    const focused = buttons.indexOf(document.activeElement as HTMLElement);
    const opened = rows.findIndex((row) => id(row) === selected);
    const from = opened >= 0 ? opened : focused;
    const to = from < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, from + step));
    const next = rows[to];
    if (opened >= 0 && next) onOpen(id(next));
    else buttons[to]?.focus();
    buttons[to]?.scrollIntoView({ block: "nearest" });
  };
  const main = columns.find((column) => column.main) ?? columns[0];
  useKeys(onOpen ? { j: () => move(1), k: () => move(-1) } : {});
  return (
    <div className="vt-sheet">
      <table className="vt-table" aria-label={label} data-opens={onOpen !== undefined}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" data-numeric={column.numeric} data-narrow={column.narrow}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <tr key={id(row)} data-selected={selected === id(row)} onClick={onOpen && (() => onOpen(id(row)))}>
              {columns.map((column) => (
                <td
                  key={column.title}
                  data-title={column.title}
                  data-numeric={column.numeric}
                  data-narrow={column.narrow}
                  data-main={column === main}
                >
                  {column === main && onOpen ? (
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
