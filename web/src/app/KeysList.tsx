import { Dialog } from "../ui/Dialog";
import { Facts } from "../ui/Page";

const KEYS: [string, string][] = [
  ["Ctrl K", "search people, records, events, pages and actions"],
  ["j, k", "next and previous row"],
  ["Enter", "open the row"],
  ["Esc", "close the drawer or dialog"],
  ["/", "go to the words of the page's search"],
  ["e", "show the proof of the open event"],
  ["a", "assign the open alert to me"],
  ["v", "go to the verdict of the open alert"],
  ["?", "this list"],
];

export function KeysList({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <Facts facts={KEYS.map(([key, what]) => [key, what])} />
    </Dialog>
  );
}
