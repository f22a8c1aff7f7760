import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError, api, type Session } from "../../api";
import { ErrorState, Loading } from "../../ui/states";
import { isStep, SecondStep } from "./SecondStep";

/** What the provider came back with; taken out of the address at once, so that it is in no history. */
function returned() {
  const given = new URLSearchParams(window.location.search);
  const [code, state, error] = ["code", "state", "error"].map((name) => given.get(name));
  return { code, state, error };
}

/** Where the company's sign-in sends people back to. */
export function ProviderPage() {
  const [{ code, state, error }] = useState(returned);
  const cache = useQueryClient();
  const navigate = useNavigate();
  const enter = (session: Session) => {
    cache.clear();
    cache.setQueryData(["session"], session);
    void navigate({ to: "/" });
  };
  // A query, not an effect: a code is redeemed once, however often the page draws itself.
  const end = useQuery({
    queryKey: ["provider", state],
    queryFn: () => api.endElsewhere(code ?? "", state ?? ""),
    enabled: Boolean(code && state),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const session = end.data && !isStep(end.data) ? end.data : undefined;
  useEffect(() => window.history.replaceState(null, "", "/provider"), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: entered once, when the session is there
  useEffect(() => {
    if (session) enter(session);
  }, [session]);
  if (end.data && isStep(end.data))
    return <SecondStep {...end.data} onDone={enter} onAgain={() => void navigate({ to: "/" })} />;
  const told =
    error === "access_denied" ? "You, or your company's sign-in, declined." : "It came back without an answer.";
  const problem = end.error ?? (code && state ? null : new ApiError(401, "Not signed in", told));
  return (
    <main className="vt-door">
      <h1>{problem ? "You are not signed in" : "Signing in"}</h1>
      {problem ? (
        <>
          <ErrorState what="Your company's sign-in did not let you in" error={problem} />
          <Link className="vt-button" to="/">
            Begin again
          </Link>
        </>
      ) : (
        <Loading rows={2} />
      )}
    </main>
  );
}
