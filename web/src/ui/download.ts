/** Hands text to the reader as a file. */
export function download(name: string, text: string, type = "text/plain") {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}

/** One CSV line (RFC 4180); a leading =, +, - or @ is disarmed, because spreadsheets would run it. */
export function csvLine(cells: (string | number)[]): string {
  return cells
    .map((cell) => (typeof cell === "string" && /^[=+\-@\t]/.test(cell) ? `'${cell}` : String(cell)))
    .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(",");
}
