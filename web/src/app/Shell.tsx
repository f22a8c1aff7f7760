import { useMantineColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { ApiError, api, type Session } from "../api";
import { isForThePage } from "../ui/keys";
import { Loading } from "../ui/states";
import { Confirm } from "./Confirm";
import { LedgerChip } from "./LedgerChip";
import { LiveChip } from "./live";
import { MemberMenu } from "./MemberMenu";
import { allowedPages, isRanged } from "./pages";
import { TimeRange } from "./TimeRange";

/** So long after the first page the search is fetched, so that what is typed right after Ctrl-K arrives in it. */
const AHEAD_MS = 1_500;
const Palette = lazy(() => import("./Palette").then((part) => ({ default: part.Palette })));
const KeysList = lazy(() => import("./KeysList").then((part) => ({ default: part.KeysList })));

const NEXT_SCHEME = { auto: "light", light: "dark", dark: "auto" } as const;

/** The rail, the top bar and the page inside them. */
export function Shell({ session }: { session: Session }) {
  const [over, setOver] = useState<"palette" | "keys" | null>(null);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    const ahead = setTimeout(() => void import("./Palette"), AHEAD_MS);
    return () => clearTimeout(ahead);
  }, []);
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
  const rail = useRef<HTMLElement>(null);
  // On a narrow screen the rail scrolls sideways: the page one is on must not be outside of it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path decides which link is current
  useEffect(() => {
    const current = rail.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (rail.current && current) rail.current.scrollLeft = current.offsetLeft - rail.current.clientWidth / 2;
  }, [path]);
  const signOut = async () => {
    // A session that has ended already is as good as signed out.
    await api.signOut().catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
    });
    cache.clear();
    window.location.assign("/");
  };
  const searched = session.operations.includes("search.everything")
    ? "Search people, records, events, pages"
    : "Go to a page or an action";
  const turnScheme = () => setColorScheme(NEXT_SCHEME[colorScheme]);
  const actions = [
    { title: "My account", run: () => void navigate({ to: "/account" }) },
    { title: "Sign out", run: () => void signOut().catch(() => setOver(null)) },
    { title: "Change the theme", run: turnScheme },
    { title: "List the keys", run: () => setOver("keys") },
  ];
  return (
    <div className="vt-frame">
      <a className="vt-skip" href="#page">
        Skip to the page
      </a>
      <nav ref={rail} className="vt-rail" aria-label="Pages">
        <div className="vt-name">
          <img src="/icon.svg" alt="" width="20" height="20" />
          Veritrail
        </div>
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
          <button type="button" className="vt-search" onClick={() => setOver("palette")} aria-keyshortcuts="Control+K">
            <span>{searched}</span> <kbd>Ctrl K</kbd>
          </button>
          <span className="vt-space" />
          {isRanged(path) && <TimeRange />}
          <LiveChip />
          <LedgerChip />
          <MemberMenu
            session={session}
            scheme={colorScheme}
            onScheme={setColorScheme}
            onKeys={() => setOver("keys")}
            signOut={signOut}
          />
        </header>
        <main className="vt-page" id="page" tabIndex={-1}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Confirm hasApp={session.member.second_factor} />
      <Suspense fallback={null}>
        {over === "palette" && (
          <Palette actions={actions} onClose={() => setOver((now) => (now === "palette" ? null : now))} />
        )}
        {over === "keys" && <KeysList onClose={() => setOver(null)} />}
      </Suspense>
    </div>
  );
}
