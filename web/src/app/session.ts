import { useQueryClient } from "@tanstack/react-query";
import type { Operation, Session } from "../api";

/** The signed-in member. Pages are only drawn inside the frame, which has read the session. */
export function useSession(): Session {
  const session = useQueryClient().getQueryData<Session | null>(["session"]);
  if (!session) throw new Error("A page was drawn outside the frame: there is no session.");
  return session;
}

/** Whether the member may call an operation; the server decides again on every call. */
export const useMay = (operation: Operation): boolean => useSession().operations.includes(operation);
