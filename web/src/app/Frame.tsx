import { Button, NativeSelect } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { ApiError, api } from "../api";
import { SignInPage } from "../areas/signin/SignInPage";
import { ErrorState, Loading } from "../ui/states";
import { absolute, readerZone } from "../ui/time";
import { LedgerChip } from "./LedgerChip";
import { allowedPages } from "./pages";
import { useScreen } from "./screen";

const RANGES = [
  { value: "-1h", label: "Last hour" },
  { value: "-24h", label: "Last 24 hours" },
  { value: "-7d", label: "Last 7 days" },
  { value: "-30d", label: "Last 30 days" },
];

function TimeRange() {
  const { range, change } = useScreen();
  const known = range.until === undefined && RANGES.some((one) => one.value === range.from);
  const own = `${absolute(range.from)} to ${range.until ? absolute(range.until) : "now"}`;
  return (
    <NativeSelect
      aria-label={`Time range, shown in ${readerZone()}`}
      title={`Times are shown in ${readerZone()}`}
      data={known ? RANGES : [{ value: "own", label: own }, ...RANGES]}
      value={known ? range.from : "own"}
      onChange={(picked) => change({ from: picked.currentTarget.value, until: undefined })}
    />
  );
}

export function Frame() {
  const cache = useQueryClient();
  const session = useQuery({ queryKey: ["session"], queryFn: ({ signal }) => api.session(signal), retry: false });
  if (session.isPending) return <Loading />;
  if (session.error instanceof ApiError && session.error.status === 401) return <SignInPage />;
  if (session.isError)
    return <ErrorState what="Veritrail could not be opened" error={session.error} retry={session.refetch} />;
  const signOut = async () => {
    await api.signOut();
    cache.clear();
    window.location.assign("/");
  };
  return (
    <div className="vt-frame">
      <nav className="vt-rail" aria-label="Pages">
        <div className="vt-name">Veritrail</div>
        {allowedPages(session.data.operations).map((page) => (
          <Link key={page.to} to={page.to} search={(old) => ({ from: old.from, until: old.until })}>
            {page.title}
          </Link>
        ))}
      </nav>
      <div>
        <header className="vt-bar">
          <span>{session.data.organisation}</span>
          <span className="vt-space" />
          <TimeRange />
          <LedgerChip />
          <span>{session.data.member.name}</span>
          <Button variant="default" size="xs" onClick={() => void signOut()}>
            Sign out
          </Button>
        </header>
        <main className="vt-page">
          <Outlet />
        </main>
      </div>
    </div>
  );
}
