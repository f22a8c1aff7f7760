import { type ReactNode, useEffect } from "react";
import { capital } from "./words";

type Props = { title: string; state: ReactNode; actions?: ReactNode; children: ReactNode };

/** A title, one sentence that says the state in words, then the page. */
export function Page({ title, state, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Veritrail`;
  }, [title]);
  return (
    <>
      <div className="vt-head">
        <div>
          <h1>{title}</h1>
          <p className="vt-state">{state}</p>
        </div>
        {actions && <div className="vt-actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

/** What the sentence under the title says while there is nothing to say yet: that it is being read, or that it could not be. */
export const until = (query: { isError: boolean }, what: string): string =>
  query.isError ? `${capital(what)} could not be read.` : `Reading ${what}.`;

/** A titled part of a page. */
export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="vt-part" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Pairs of name and value. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="vt-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
