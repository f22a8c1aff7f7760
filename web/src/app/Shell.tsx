import { Button, useMantineColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { api, type Session } from "../api";
import { isForThePage } from "../ui/keys";
import { Loading } from "../ui/states";
import { LedgerChip } from "./LedgerChip";
import { LiveChip } from "./live";
import { allowedPages, isRanged } from "./pages";
import { TimeRange } from "./TimeRange";

const Palette = lazy(() => import("./Palette").then((part) => ({ default: part.Palette })));
const KeysList = lazy(() => import("./KeysList").then((part) => ({ default: part.KeysList })));

const NEXT_SCHEME = { auto: "light", light: "dark", dark: "auto" } as const;
const SCHEME_WORDS = { auto: "as the system", light: "light", dark: "dark" };

/** The rail, the top bar and the page inside them. */
export function Shell({ session }: { session: Session }) {
  const [over, setOver] = useState<"palette" | "keys" | null>(null);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const cache = useQueryClient();
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    const press = (key: KeyboardEvent) => {
      if ((key.ctrlKey || key.metaKey) && key.key.toLowerCase() === "k") {
        key.preventDefault();
        setOver("palette");
      } else if (key.key === "?" && isForThePage(key)) setOver("keys");
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  const signOut = async () => {
    await api.signOut();
    cache.clear();
    window.location.assign("/");
  };
  const turnScheme = () => setColorScheme(NEXT_SCHEME[colorScheme]);
  const actions = [
    { title: "Sign out", run: () => void signOut() },
    { title: "Change the theme", run: turnScheme },
    { title: "List the keys", run: () => setOver("keys") },
  ];
  return (
    <div className="vt-frame">
      <a className="vt-skip" href="#page">
        Skip to the page
      </a>
      <nav className="vt-rail" aria-label="Pages">
        <div className="vt-name">Veritrail</div>
        {allowedPages(session.operations).map((page) => (
          <Link key={page.to} to={page.to} search={(old) => ({ from: old.from, until: old.until })}>
            {page.title}
          </Link>
        ))}
      </nav>
      <div className="vt-body">
        <header className="vt-bar">
          <span className="vt-where">{session.organisation}</span>
          {session.demo && <span className="vt-chip">demonstration data</span>}
          <Button variant="default" size="xs" onClick={() => setOver("palette")} aria-keyshortcuts="Control+K">
            Search <kbd>Ctrl K</kbd>
          </Button>
          <span className="vt-space" />
          {isRanged(path) && <TimeRange />}
          <LiveChip />
          <LedgerChip />
          <Button variant="default" size="xs" onClick={turnScheme}>
            {`Theme: ${SCHEME_WORDS[colorScheme]}`}
          </Button>
          <span title={session.member.email}>{session.member.name}</span>
          <Button variant="default" size="xs" onClick={() => void signOut()}>
            Sign out
          </Button>
        </header>
        <main className="vt-page" id="page" tabIndex={-1}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Suspense fallback={null}>
        {over === "palette" && (
          <Palette actions={actions} onClose={() => setOver((now) => (now === "palette" ? null : now))} />
        )}
        {over === "keys" && <KeysList onClose={() => setOver(null)} />}
      </Suspense>
    </div>
  );
}
