import { lazy, Suspense, useEffect, useState } from "react";
import { confirmWith } from "../api";

const Ask = lazy(() => import("./Ask").then((part) => ({ default: part.Ask })));

type Answer = (shown: boolean) => void;

/** When the server wants a fresh proof before a dangerous act, asks for it; the act that waited goes on. */
export function Confirm({ hasApp }: { hasApp: boolean }) {
  const [waiting, setWaiting] = useState<Answer[]>([]);
  useEffect(() => {
    confirmWith(() => new Promise<boolean>((answer) => setWaiting((others) => [...others, answer])));
    return () => confirmWith(undefined);
  }, []);
  if (waiting.length === 0) return null;
  const end = (shown: boolean) => {
    setWaiting([]);
    for (const answer of waiting) answer(shown);
  };
  return (
    <Suspense fallback={null}>
      <Ask hasApp={hasApp} onEnd={end} />
    </Suspense>
  );
}
