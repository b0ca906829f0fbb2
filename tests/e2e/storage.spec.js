// The browser's storage when a transaction ends in the middle: what is acknowledged after that is told apart from what is kept.
import { expect, test } from "@playwright/test";
import { enter, replies } from "./sessions.js";

test.setTimeout(40_000);

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  await page.goto("./");
  await expect(page.locator("redlab-terminal input")).toBeVisible();
}

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
