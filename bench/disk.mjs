// Acknowledged writes a second in Chromium, each on the platter and in the browser's storage before its reply, of many clients
// that share fsyncs as those of a real server do; and how long the page's main thread was kept from its next turn.
import { limit, title } from "./lib.mjs";
import { serve } from "./page.mjs";

const served = await serve("disk");
if (!served) {
  console.log("skipped: no Chromium on this machine");
  process.exit(0);
}
const { browser, url, end } = served;
try {
  for (const clients of [1, 50]) {
    const page = await browser.newPage();
    page.on("pageerror", (e) => console.error(String(e)));
    await page.goto(url);
    await page.waitForFunction("window.ready", { timeout: 120_000 });
    await page.evaluate((name) => /** @type {any} */ (window).begin(name, "l"), `bench-${clients}`);
    const { perSecond, longestMs, saved } = await page.evaluate(
      (n) => /** @type {any} */ (window).load(n, 4000),
      clients,
    );
    title(`appendfsync always, Chromium, ${clients} client${clients > 1 ? "s" : ""} (${saved})`, "", "");
    console.log(`acknowledged writes a second: ${perSecond.toFixed(0)}${clients > 1 ? " (at least 1,000)" : ""}`);
    limit("longest block of the main thread", longestMs, "ms", 4);
    await page.close();
  }
} finally {
  await end();
}
process.exit(0);
