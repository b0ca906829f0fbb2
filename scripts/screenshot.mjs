// Pictures of the built page for the README:  npm run build && node scripts/screenshot.mjs  (writes docs/shots/)
import { mkdirSync } from "node:fs";
import { chromium as engine } from "@playwright/test";
import { preview } from "vite";
import { chromium } from "./browser.mjs";

const SESSION = [
  "SET greeting hello",
  "INCR visits",
  "ZADD lb 3 ida 7 bob 10 ann 12 gus 19 leo 21 mia 24 eve 31 joe 38 kim 44 pat 52 zed",
  "ZINCRBY lb 4 eve",
  "ZRANGE lb 0 2 REV WITHSCORES",
  "LPUSH lb x",
  "OBJECT ENCODING lb",
  "ZRANK lb eve",
];
const TYPING = "ZADD lb NX ";
const SHOTS = {
  light: { colorScheme: "light", viewport: { width: 1440, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1440, height: 900 } },
  phone: { colorScheme: "dark", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
};

const server = await preview({ preview: { port: 0, host: "127.0.0.1" }, logLevel: "warn" });
const { port } = /** @type {import("node:net").AddressInfo} */ (server.httpServer.address());
const browser = await engine.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
mkdirSync("docs/shots", { recursive: true });
for (const [name, options] of Object.entries(SHOTS)) {
  const page = await browser.newPage(options);
  await page.goto(`http://127.0.0.1:${port}/`);
  const input = page.locator("redlab-terminal input");
  for (const line of SESSION) {
    const before = await page.locator(".cmd").count();
    await input.fill(line);
    await input.press("Enter");
    await page.waitForFunction((n) => document.querySelectorAll(".cmd").length > n, before);
    await page.waitForTimeout(250);
  }
  await input.fill(TYPING);
  await page.waitForTimeout(500);
  await page.screenshot({ path: `docs/shots/${name}.png` });
  await page.close();
  console.log(`docs/shots/${name}.png`);
}
await browser.close();
await server.close();
