import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api";

/** Says what belongs here and how it gets here. */
export function EmptyState({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="vt-notice">
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  );
}

/** Says what failed, in the server's words, and what to do. */
export function ErrorState({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  const problem = error instanceof ApiError ? error : null;
  return (
    <section className="vt-notice" role="alert">
      <h2>{what}</h2>
      <p>
        {problem
          ? `${problem.title}. ${problem.detail}`
          : "This page met something it did not expect. Nothing was changed."}
      </p>
      {retry && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </section>
  );
}

export function Loading() {
  return (
    <output aria-label="Loading">
      <Skeleton height={32} mb={4} />
      <Skeleton height={32} mb={4} />
      <Skeleton height={32} />
    </output>
  );
}
