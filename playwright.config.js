import { defineConfig } from "@playwright/test";
import { createServer } from "node:net";
import { chromium } from "./scripts/browser.mjs";

/** A port that nobody listens on. @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

// Each worker process loads this file too: they find the port of the first in the environment.
const port = (process.env.REDLAB_E2E_PORT ||= String(await freePort()));
const url = `http://127.0.0.1:${port}/`;

export default defineConfig({
  testDir: "tests/e2e",
  timeout: 15_000,
  workers: process.env.CI ? 1 : undefined,
  reporter: "list",
  webServer: { command: `npx vite preview --port ${port} --strictPort --host 127.0.0.1`, url },
  use: {
    baseURL: url,
    browserName: "chromium",
    serviceWorkers: "allow",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: chromium,
      // --no-sandbox: Chromium refuses to start as root with it; containers lack user namespaces.
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    },
  },
});
