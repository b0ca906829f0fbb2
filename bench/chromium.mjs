// Per-call SET and GET in Chromium, engine and mock each in a worker of its own, and the first PONG.
import { launch } from "puppeteer-core";
import { createServer } from "vite";
import { chromium } from "../scripts/browser.mjs";
import { limit, median, row, title } from "./lib.mjs";

if (!chromium) {
  console.log("skipped: Chromium rows: no Chromium on this machine");
  process.exit(0);
}
const root = new URL("..", import.meta.url).pathname;
const server = await createServer({
  root,
  configFile: false,
  logLevel: "error",
  server: { port: 0, host: "127.0.0.1", hmr: false, watch: null },
  optimizeDeps: { entries: ["bench/page/index.html"], include: ["ioredis-mock/browser.js"] },
});
await server.listen();
const { port } = /** @type {import("node:net").AddressInfo} */ (server.httpServer?.address());
const browser = await launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
  const page = await browser.newPage();
  page.on("pageerror", (e) => console.error(String(e)));
  const url = `http://127.0.0.1:${port}/bench/page/index.html`;
  await page.goto(url);
  await page.waitForFunction("window.bench", { timeout: 120_000 });
  const rounds = await page.evaluate("window.bench");
  title("per call, Chromium, each in its own worker: time a call", "wasm", "ioredis-mock");
  for (const name of ["SET", "GET"]) {
    // The round that the rest of the machine disturbed least, on either side.
    const [a, b] = ["engine", "mock"].map((side) => Math.min(...rounds.map((r) => r[side][name])));
    row(name, `${a.toFixed(3)} µs`, `${b.toFixed(3)} µs`, b / a, 1.5);
  }
  console.log("\nfrom the start of the worker's script to the first PONG, Chromium (unbundled)");
  limit("first PONG", median(rounds.map((r) => r.engine.firstPongMs)), "ms", 50);
} finally {
  await browser.close();
  await server.close();
}
process.exit(0);
