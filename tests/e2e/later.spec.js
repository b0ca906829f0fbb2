// The parts of the engine that load later.
import { expect, test } from "@playwright/test";

const input = "redlab-terminal input";
const log = "redlab-terminal .log";

/** @param {import("@playwright/test").Page} page @param {string} line */
async function type(page, line) {
  await page.locator(input).fill(line);
  await page.locator(input).press("Enter");
}

test("the first reply waits for the main part only", async ({ page }) => {
  /** @type {() => void} */
  let release = () => {};
  const held = new Promise((resolve) => (release = () => resolve(undefined)));
  await page.route(/redlab_rest/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("./");
  await type(page, "PING");
  await expect(page.locator(log)).toContainText("PONG");
  await type(page, "SET k kept");
  await expect(page.locator(log)).toContainText("OK");
  release();
  await type(page, "GEOADD places 2.35 48.86 Paris");
  await expect(page.locator(log)).toContainText("(integer) 1");
});

test("a part that cannot be had is told, loses nothing, and comes when it can", async ({ page }) => {
  let down = true;
  await page.route(/redlab_rest/, (route) => (down ? route.abort() : route.continue()));
  await page.goto("./");
  await type(page, "SET k kept");
  await expect(page.locator(log)).toContainText("OK");
  await type(page, "GEOADD places 2.35 48.86 Paris");
  await expect(page.locator(log)).toContainText("part of the engine did not load");
  down = false;
  await type(page, "GEOADD places 2.35 48.86 Paris");
  await expect(page.locator(log)).toContainText("(integer) 1");
  await type(page, "GET k");
  await expect(page.locator(log)).toContainText('"kept"');
});
