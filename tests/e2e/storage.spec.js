// The browser's storage when it fails: no room left, a transaction that ends in the middle. What was acknowledged is told apart
// from what is kept.
import { expect, test } from "@playwright/test";
import { enter, replies } from "./sessions.js";

test.setTimeout(40_000);

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  await page.goto("./");
  await expect(page.locator("redlab-terminal input")).toBeVisible();
}

test("a browser without room is told before the reply, and what was kept stays", async ({ page, context }) => {
  await open(page);
  await enter(page, "SET first 1");
  await expect(replies(page).last()).toHaveText("OK");
  const usage = await page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  const cdp = await context.newCDPSession(page);
  const { origin } = new URL(page.url());
  await cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: usage + 1_000_000 });
  const value = "x".repeat(200_000);
  let written = 0;
  for (; written < 30 && !(await page.locator(".notice").count()); written++) {
    await enter(page, `SET k${written} ${value}`);
    await expect(replies(page)).toHaveCount(written + 2);
  }
  await expect(page.locator(".notice")).toContainText("Not saved from here on. The browser's storage is full.");
  await expect(page.locator(".saved")).toHaveText("not saved");
  await enter(page, "DBSIZE");
  await expect(replies(page).last()).toHaveText(`(integer) ${written + 1}`);
  await page.reload();
  // All but the one that was told to be lost.
  await enter(page, "DBSIZE");
  await expect(replies(page).last()).toHaveText(`(integer) ${written}`);
});

test("a transaction that is aborted is told before the reply, and what was kept stays", async ({ page }) => {
  await page.context().route(/worker[^/]*\.js/, async (route) => {
    const response = await route.fetch();
    const aborts = `let left = 5; const add = IDBObjectStore.prototype.add;
      IDBObjectStore.prototype.add = function (...args) { const r = add.apply(this, args); if (--left === 0) this.transaction.abort(); return r; };`;
    await route.fulfill({ response, body: `${aborts}\n${await response.text()}` });
  });
  await open(page);
  for (let i = 0; !(await page.locator(".notice").count()) && i < 8; i++) {
    await enter(page, `SET k${i} v`);
    await expect(replies(page)).toHaveCount(i + 1);
  }
  await expect(page.locator(".notice")).toContainText("Not saved from here on. The browser refused to save:");
  await expect(page.locator(".saved")).toHaveText("not saved");
  const acknowledged = await replies(page).count();
  await enter(page, "DBSIZE");
  await expect(replies(page).last()).toHaveText(`(integer) ${acknowledged}`);
  await page.context().unroute(/worker[^/]*\.js/);
  await page.reload();
  // All but the one that was told to be lost.
  await enter(page, "DBSIZE");
  await expect(replies(page).last()).toHaveText(`(integer) ${acknowledged - 1}`);
});
