import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { EmptyState } from "../ui/states";
import { Frame } from "./Frame";
import { Home } from "./Home";
import { parseScreen, readAddress, writeAddress } from "./search";

const root = createRootRoute({
  component: Outlet,
  validateSearch: parseScreen,
  notFoundComponent: () => (
    <EmptyState title="There is no such page">Choose one on the left, or search with Ctrl-K.</EmptyState>
  ),
});
/** Everything inside needs a session. */
const frame = createRoute({ getParentRoute: () => root, id: "frame", component: Frame });

const home = createRoute({ getParentRoute: () => frame, path: "/", component: Home });
const overview = createRoute({
  getParentRoute: () => frame,
  path: "/overview",
  component: lazyRouteComponent(() => import("../areas/overview/OverviewPage"), "OverviewPage"),
});
const activity = createRoute({
  getParentRoute: () => frame,
  path: "/activity",
  component: lazyRouteComponent(() => import("../areas/activity/ActivityPage"), "ActivityPage"),
});
const searches = createRoute({
  getParentRoute: () => frame,
  path: "/searches",
  component: lazyRouteComponent(() => import("../areas/searches/SearchesPage"), "SearchesPage"),
});
const myActivity = createRoute({
  getParentRoute: () => frame,
  path: "/my-activity",
  component: lazyRouteComponent(() => import("../areas/own/MyActivityPage"), "MyActivityPage"),
});
const persons = createRoute({
  getParentRoute: () => frame,
  path: "/persons",
  component: lazyRouteComponent(() => import("../areas/persons/PersonsPage"), "PersonsPage"),
});
const directory = createRoute({
  getParentRoute: () => frame,
  path: "/directory",
  component: lazyRouteComponent(() => import("../areas/persons/DirectoryPage"), "DirectoryPage"),
});
const person = createRoute({
  getParentRoute: () => frame,
  path: "/persons/$id",
  component: lazyRouteComponent(() => import("../areas/persons/PersonPage"), "PersonPage"),
});
const subject = createRoute({
  getParentRoute: () => frame,
  path: "/subjects/$id",
  component: lazyRouteComponent(() => import("../areas/subjects/SubjectPage"), "SubjectPage"),
});
const alerts = createRoute({
  getParentRoute: () => frame,
  path: "/alerts",
  component: lazyRouteComponent(() => import("../areas/alerts/AlertsPage"), "AlertsPage"),
});
const alert = createRoute({
  getParentRoute: () => frame,
  path: "/alerts/$id",
  component: lazyRouteComponent(() => import("../areas/alerts/AlertPage"), "AlertPage"),
});
const rules = createRoute({
  getParentRoute: () => frame,
  path: "/rules",
  component: lazyRouteComponent(() => import("../areas/rules/RulesPage"), "RulesPage"),
});
const sources = createRoute({
  getParentRoute: () => frame,
  path: "/sources",
  component: lazyRouteComponent(() => import("../areas/sources/SourcesPage"), "SourcesPage"),
});
const newSource = createRoute({
  getParentRoute: () => frame,
  path: "/sources/new",
  component: lazyRouteComponent(() => import("../areas/sources/NewSourcePage"), "NewSourcePage"),
});
const source = createRoute({
  getParentRoute: () => frame,
  path: "/sources/$id",
  component: lazyRouteComponent(() => import("../areas/sources/SourcePage"), "SourcePage"),
});
const privacy = createRoute({
  getParentRoute: () => frame,
  path: "/privacy",
  component: lazyRouteComponent(() => import("../areas/privacy/PrivacyPage"), "PrivacyPage"),
});
const members = createRoute({
  getParentRoute: () => frame,
  path: "/members",
  component: lazyRouteComponent(() => import("../areas/members/MembersPage"), "MembersPage"),
});
const serviceAccounts = createRoute({
  getParentRoute: () => frame,
  path: "/service-accounts",
  component: lazyRouteComponent(() => import("../areas/members/ServiceAccountsPage"), "ServiceAccountsPage"),
});
const roles = createRoute({
  getParentRoute: () => frame,
  path: "/roles",
  component: lazyRouteComponent(() => import("../areas/members/RolesPage"), "RolesPage"),
});
const self = createRoute({
  getParentRoute: () => frame,
  path: "/self",
  component: lazyRouteComponent(() => import("../areas/self/SelfPage"), "SelfPage"),
});
const account = createRoute({
  getParentRoute: () => frame,
  path: "/account",
  component: lazyRouteComponent(() => import("../areas/account/AccountPage"), "AccountPage"),
});
const jobs = createRoute({
  getParentRoute: () => frame,
  path: "/jobs",
  component: lazyRouteComponent(() => import("../areas/jobs/JobsPage"), "JobsPage"),
});
const settings = createRoute({
  getParentRoute: () => frame,
  path: "/settings",
  component: lazyRouteComponent(() => import("../areas/settings/SettingsPage"), "SettingsPage"),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(() => import("../areas/signin/AcceptPage"), "AcceptPage"),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: "/password-reset",
  component: lazyRouteComponent(() => import("../areas/signin/ResetPage"), "ResetPage"),
});

const provider = createRoute({
  getParentRoute: () => root,
  path: "/provider",
  component: lazyRouteComponent(() => import("../areas/signin/ProviderPage"), "ProviderPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    invitation,
    reset,
    provider,
    frame.addChildren([
      home,
      overview,
      activity,
      searches,
      myActivity,
      persons,
      directory,
      person,
      subject,
      alerts,
      alert,
      rules,
      sources,
      newSource,
      source,
      privacy,
      members,
      serviceAccounts,
      roles,
      self,
      account,
      jobs,
      settings,
    ]),
  ]),
  parseSearch: readAddress,
  stringifySearch: writeAddress,
  defaultPreload: "intent",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
