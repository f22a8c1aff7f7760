/** Numbers and names as people read them. */

export const count = (value: number): string => value.toLocaleString("en");

/** "1 event", "1,204 events". */
export const counted = (value: number, noun: string, plural = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : plural}`;

/** Names of the contract as words: `in_progress` reads "in progress". */
export const spoken = (name: string): string => name.replaceAll("_", " ");

export const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

export function bytes(size: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Any value of a record on one line. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
