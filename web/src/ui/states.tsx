import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api";
import { capital } from "./words";

/** Says what belongs here and how it gets here. */
export function EmptyState({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="vt-notice">
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  );
}

/** Asking again changes nothing: it is refused, or not there. */
const isSettled = (problem: ApiError | null) => problem?.status === 403 || problem?.status === 404;

const sentence = (words: string) => capital(/[.!?]$/.test(words) ? words : `${words}.`);

/** Says what failed, in the server's words, and what to do. */
export function ErrorState({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  const problem = error instanceof ApiError ? error : null;
  return (
    <section className="vt-notice" role="alert">
      <h2>{what}</h2>
      <p>
        {problem
          ? [problem.title, problem.detail].filter(Boolean).map(sentence).join(" ")
          : "This page met something it did not expect. Nothing was changed."}
      </p>
      {problem && problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((one) => (
            <li key={one.field + one.detail}>{`${one.field}: ${one.detail}`}</li>
          ))}
        </ul>
      )}
      {retry && !isSettled(problem) && (
        <Button size="xs" variant="default" onClick={() => retry()}>
          Try again
        </Button>
      )}
    </section>
  );
}

/** The detail the server gave for one field of a form. */
export const fieldProblem = (error: unknown, field: string): string | undefined =>
  error instanceof ApiError ? error.errors.find((one) => one.field === field)?.detail : undefined;

/** Rows to come. They hold their place at once and become visible after 200 ms, so quick answers do not flicker. */
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <output className="vt-loading" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same
        <span key={row} />
      ))}
    </output>
  );
}
