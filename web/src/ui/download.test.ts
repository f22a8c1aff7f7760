import { expect, test } from "vitest";
import { csvLine } from "./download";

test.each([
  [["a", 1], "a,1"],
  [['say "no"', "x,y"], '"say ""no""","x,y"'],
  [["=cmd()", -3], "'=cmd(),-3"],
])("%j is written as %s", (cells, expected) => expect(csvLine(cells)).toBe(expected));
