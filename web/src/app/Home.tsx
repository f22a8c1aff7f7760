import { Navigate } from "@tanstack/react-router";
import { homeOf } from "./pages";
import { useSession } from "./session";

/** The first page the member may open. */
export function Home() {
  return <Navigate to={homeOf(useSession().operations)} replace />;
}
