// A page of bench/page in Chromium, served as it stands in the tree.
import { launch } from "puppeteer-core";
import { createServer } from "vite";
import { chromium } from "../scripts/browser.mjs";

/** Null where there is no Chromium; else the browser, the page's address, and how to end both. @param {string} name */
export async function serve(name) {
  if (!chromium) return null;
  const server = await createServer({
    root: new URL("..", import.meta.url).pathname,
    configFile: false,
    logLevel: "error",
    server: { port: 0, host: "127.0.0.1", hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  await server.listen();
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.httpServer?.address());
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  const browser = await launch({ executablePath: chromium, args });
  const end = async () => {
    await browser.close();
    await server.close();
  };
  return { browser, url: `http://127.0.0.1:${port}/bench/page/${name}.html`, end };
}
