import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "./theme/tokens.css";
import "./theme/frame.css";
import "./theme/parts.css";
import "./theme/table.css";
import "./theme/chart.css";
import { router } from "./app/router";
import { theme } from "./theme/theme";

const cache = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 5_000 } } });
const place = document.getElementById("root");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={cache}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
