import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { ApiError, api, type Session } from "../api";
import { ErrorState, Loading } from "../ui/states";
import { LiveProvider } from "./live";
import { Shell } from "./Shell";

// Only seen before a session exists: nobody who is signed in loads them.
const SignInPage = lazy(() => import("../areas/signin/SignInPage").then((part) => ({ default: part.SignInPage })));
const FirstRunPage = lazy(() =>
  import("../areas/signin/FirstRunPage").then((part) => ({ default: part.FirstRunPage })),
);

/** The session, or that there is none: whoever was signed in is forgotten with that answer. */
const ask = (signal: AbortSignal): Promise<Session | null> =>
  api.session(signal).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  });

/** Decides between first run, sign in and the pages. */
export function Frame() {
  const cache = useQueryClient();
  const session = useQuery({
    queryKey: ["session"],
    queryFn: ({ signal }) => ask(signal),
    retry: false,
    staleTime: 60_000,
    // Asking again while somebody types a password would take the form away.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const signedOut = session.data === null;
  const firstRun = useQuery({
    queryKey: ["first-run"],
    queryFn: ({ signal }) => api.firstRun(signal),
    enabled: signedOut,
    retry: false,
  });
  // However the session ended, what was read in it is not kept.
  useEffect(() => {
    if (!signedOut) return;
    cache.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" && query.queryKey[0] !== "first-run" });
    cache.getMutationCache().clear();
  }, [cache, signedOut]);
  /** What another member read in this tab must not be there for the next one. */
  const enter = (data: Session) => {
    cache.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    cache.setQueryData(["session"], data);
  };
  if (session.data)
    return (
      <LiveProvider>
        <Shell session={session.data} />
      </LiveProvider>
    );
  if (session.isPending || (signedOut && firstRun.isPending)) return <Loading />;
  if (!signedOut)
    return (
      <main className="vt-door">
        <ErrorState what="Veritrail could not be opened" error={session.error} retry={session.refetch} />
      </main>
    );
  return (
    <Suspense fallback={<Loading />}>
      {firstRun.data?.needed ? (
        <FirstRunPage onDone={enter} />
      ) : (
        <SignInPage
          passkeys={firstRun.data?.passkeys ?? false}
          letters={firstRun.data?.letters ?? false}
          provider={firstRun.data?.provider}
          onDone={enter}
        />
      )}
    </Suspense>
  );
}
