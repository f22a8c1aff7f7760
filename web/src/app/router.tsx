import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Frame } from "./Frame";
import { parseScreen, readAddress, writeAddress } from "./search";

const root = createRootRoute({ component: Frame, validateSearch: parseScreen });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/activity" });
  },
});

const activity = createRoute({
  getParentRoute: () => root,
  path: "/activity",
  component: lazyRouteComponent(() => import("../areas/activity/ActivityPage"), "ActivityPage"),
});

const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  component: lazyRouteComponent(() => import("../areas/alerts/AlertsPage"), "AlertsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, activity, alerts]),
  parseSearch: readAddress,
  stringifySearch: writeAddress,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
