// The index follows the trail: after a large import it is behind for a while. Waits until what happens now is found by search.
import { request } from "playwright-core";

const { VERITRAIL_URL, VERITRAIL_SIGNINS } = process.env;
const PATIENCE_MS = 600_000;
const BEHIND_MS = 15_000;
const { analyst } = JSON.parse(VERITRAIL_SIGNINS ?? "{}");

if (analyst) {
  const context = await request.newContext({ baseURL: VERITRAIL_URL, extraHTTPHeaders: { "X-Veritrail": "1" } });
  const signedIn = await context.post("/api/v1/session", { data: analyst });
  if (!signedIn.ok()) throw new Error(`the analyst could not sign in: ${await signedIn.text()}`);
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { items } = await (await context.get("/api/v1/events?from=-1h&limit=1")).json();
    if (items?.[0] && Date.now() - Date.parse(items[0].time) < BEHIND_MS) break;
    if (Date.now() > until)
      throw new Error(`after ${PATIENCE_MS / 1000} s the newest event is not found by search yet`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await context.dispose();
}
