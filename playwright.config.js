import { defineConfig } from "@playwright/test";
import { chromium } from "./scripts/browser.mjs";

export default defineConfig({
  testDir: "tests/e2e",
  timeout: 15_000,
  workers: process.env.CI ? 1 : undefined,
  reporter: "list",
  webServer: {
    command: "npx vite preview --port 4173 --strictPort --host 127.0.0.1",
    url: "http://127.0.0.1:4173/",
    reuseExistingServer: !process.env.CI,
  },
  use: {
    baseURL: "http://127.0.0.1:4173/",
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
