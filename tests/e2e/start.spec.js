// What `npm start` serves: Vite's own server, as package.json starts it, with the page in a browser.
import { expect, test } from "@playwright/test";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const root = new URL("../..", import.meta.url).pathname;

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/** The last command of the script `start`, with a port of our own and without a browser of its own. */
const command = async () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const words = scripts.start.split("&&").at(-1).trim().split(" ");
  const port = await freePort();
  const own = ["--port", String(port), "--strictPort", "--host", "127.0.0.1"];
  return { port, words: ["npx", "--no-install", ...words.filter((word) => word !== "--open"), ...own] };
};

test("npm start serves the lab", async ({ page }) => {
  test.setTimeout(90_000);
  const { port, words } = await command();
  // A process group: npx starts others.
  const server = spawn(words[0], words.slice(1), { cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk) => (said += chunk));
  try {
    await expect.poll(() => said, { timeout: 30_000, message: "the server starts" }).toContain("ready in");
    /** @type {string[]} */
    const errors = [];
    page.on("pageerror", (e) => errors.push(e.message));
    page.on("console", (m) => m.type() === "error" && errors.push(m.text()));
    page.on("response", (r) => r.status() >= 400 && errors.push(`${r.status()} ${r.url()}`));
    const response = await page.goto(`http://127.0.0.1:${port}/`);
    expect(response?.status()).toBe(200);
    await page.fill("redlab-terminal input", "PING", { timeout: 60_000 });
    await page.press("redlab-terminal input", "Enter");
    await expect(page.locator("redlab-terminal .log")).toContainText("PONG");
    // The styles are there as well: the page is not just text.
    const font = await page.locator("redlab-terminal").evaluate((e) => getComputedStyle(e).display);
    expect(font).not.toBe("inline");
    expect(errors, said).toEqual([]);
  } finally {
    process.kill(-Number(server.pid), "SIGTERM");
  }
});
