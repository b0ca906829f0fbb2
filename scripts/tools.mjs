// What this machine has: programs the tests use when they are there.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first path that exists. @param {...(string | undefined)} paths */
const first = (...paths) => paths.find((path) => path && existsSync(path));

/** The full path of a program on PATH, or undefined. @param {string} name */
export const which = (name) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((dir) => join(dir, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** Looked up at each call: setup installs some of these while it runs. */
export const tools = () => ({
  chromium: first(
    process.env.CHROME_PATH,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ),
  chromedriver: first(process.env.CHROMEDRIVER, "/usr/bin/chromedriver"),
  firefox: first(process.env.FIREFOX_PATH, "/usr/bin/firefox-esr", "/usr/bin/firefox"),
  webkit: first(
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  ),
  xvfb: which("xvfb-run"),
  oracle: which("valkey-server") ?? which("redis-server"),
  cli: which("valkey-cli") ?? which("redis-cli"),
  benchmark: which("valkey-benchmark") ?? which("redis-benchmark"),
  python: which("python3"),
  apt: which("apt-get"),
});

/** The words to put before a command that needs root, or undefined where there is no way to become root. */
export const asRoot = () => {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo", "-n"] : undefined;
};
