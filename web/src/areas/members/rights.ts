import type { OperationRow, Role } from "../../api";

export type Width = OperationRow["roles"][number]["width"];

export const reachOf = (row: OperationRow, role: Role): Width =>
  row.roles.find((reach) => reach.role === role)?.width ?? "no";

/** The operations that hold every word, in their name or in what they do, and that the role may use where one is chosen. */
export function matching(rows: OperationRow[], words = "", role?: Role): OperationRow[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const text = `${row.operation} ${row.does}`.toLowerCase();
    return wanted.every((word) => text.includes(word)) && (!role || reachOf(row, role) !== "no");
  });
}
