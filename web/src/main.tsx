import { MantineProvider } from "@mantine/core";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "./theme/tokens.css";
import "./theme/frame.css";
import "./theme/parts.css";
import "./theme/controls.css";
import "./theme/over.css";
import "./theme/table.css";
import "./theme/chart.css";
import { ApiError } from "./api";
import { router } from "./app/router";
import { theme } from "./theme/theme";

/** A session ends while a page is open: whatever notices first asks for the session again, and the frame shows the sign-in. */
function ended(error: unknown, key: unknown) {
  const signedIn = Boolean(cache.getQueryData(["session"]));
  if (signedIn && error instanceof ApiError && error.status === 401 && key !== "session") {
    void cache.invalidateQueries({ queryKey: ["session"] });
  }
}

/** Only a server that cannot be reached or is not ready is asked twice: other refusals stay what they are. */
const passing = (error: unknown) => !(error instanceof ApiError) || error.status === 0 || error.status >= 500;

const cache: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, query) => ended(error, query.queryKey[0]) }),
  mutationCache: new MutationCache({ onError: (error) => ended(error, "mutation") }),
  defaultOptions: { queries: { retry: (failures, error) => failures < 1 && passing(error), staleTime: 5_000 } },
});
/** Lets in the styles that the component libraries make while the page runs; the policy refuses all others. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
(globalThis as typeof globalThis & { __webpack_nonce__?: string }).__webpack_nonce__ = nonce;

const place = document.getElementById("root");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <MantineProvider theme={theme} getStyleNonce={() => nonce} defaultColorScheme="auto">
        <QueryClientProvider client={cache}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
