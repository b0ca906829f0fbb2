// The browser's storage when a transaction ends in the middle: what is acknowledged after that is told apart from what is kept.
import { expect, test } from "@playwright/test";
import { enter, replies } from "./sessions.js";

test.setTimeout(40_000);

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  await page.goto("./");
  await expect(page.locator("redlab-terminal input")).toBeVisible();
}

/** Code for the worker's beginning: storage has no room while the page says so. */
const NO_ROOM = `let room = true;
  new BroadcastChannel("room").onmessage = (e) => (room = e.data);
  const add = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = function (...args) {
    if (!room) throw new DOMException("no room", "QuotaExceededError");
    return add.apply(this, args);
  };`;

/** Opens the page with something before the worker's code. @param {import("@playwright/test").Page} page @param {string} code */
async function openWith(page, code) {
  await page.context().route(/worker[^/]*\.js/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code}\n${await response.text()}` });
  });
  await open(page);
}

/** @param {import("@playwright/test").Page} page @param {boolean} is */
const setRoom = (page, is) =>
  page.evaluate((r) => {
    const channel = new BroadcastChannel("room");
    channel.postMessage(r);
    channel.close();
  }, is);

test("a browser without room is a full disk: under always nothing is acknowledged that is not kept", async ({
  page,
}) => {
  await openWith(page, NO_ROOM);
  await enter(page, "SET k 1");
  await expect(replies(page).last()).toHaveText("OK");
  await setRoom(page, false);
  await enter(page, "SET k 2");
  await expect(page.locator(".saved")).toHaveText("disk full");
  await expect(page.locator(".notice")).toContainText("The browser's storage is full.");
  await enter(page, "GET k");
  await expect(replies(page).last()).toHaveText('"1"');
  await setRoom(page, true);
  await enter(page, "SET k 3");
  await expect(replies(page).last()).toHaveText("OK");
  await expect(page.locator(".saved")).toContainText("saved");
  await expect(page.locator(".notice")).toHaveCount(0);
  await page.reload();
  await enter(page, "GET k");
  await expect(replies(page).last()).toHaveText('"3"');
});

test("a browser without room: under everysec writes are refused, and go on when there is some", async ({ page }) => {
  await openWith(page, NO_ROOM);
  await enter(page, "CONFIG SET appendfsync everysec");
  await setRoom(page, false);
  await enter(page, "SET k 1");
  await expect(page.locator(".saved")).toContainText("disk full");
  await enter(page, "SET k 2");
  await expect(replies(page).last()).toContainText("MISCONF Errors writing to the AOF file: No space left on device");
  await enter(page, "GET k");
  await expect(replies(page).last()).toHaveText('"1"');
  await setRoom(page, true);
  await expect(page.locator(".saved")).not.toContainText("disk full");
  await expect(async () => {
    await enter(page, "SET k 3");
    await expect(replies(page).last()).toHaveText("OK", { timeout: 500 });
  }).toPass();
});

test("a transaction that is aborted is told before the reply, and what was kept stays", async ({ page }) => {
  await openWith(
    page,
    `let left = 5; const add = IDBObjectStore.prototype.add;
      IDBObjectStore.prototype.add = function (...args) { const r = add.apply(this, args); if (--left === 0) this.transaction.abort(); return r; };`,
  );
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
