// The view of snapshots: fields by their bytes, a byte that is changed, files that are brought and loaded.
import { expect, test } from "@playwright/test";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noViolations } from "./axe.js";
import { enter, viewOf } from "./sessions.js";

const input = "redlab-terminal input";
const log = (page) => page.locator("redlab-terminal .log").first();
const { view, sum, said, press } = viewOf("RDB");

test.beforeEach(async ({ page }) => {
  await page.goto("./");
  await expect(page.locator(input)).toBeVisible();
  await page.getByRole("button", { name: "Show RDB" }).click();
});

test("fields are named from the magic to the checksum", async ({ page }) => {
  await enter(page, "SET hits 42", "SET sess u1 EX 1000", "ZADD lb 7 bob", `SET long ${"ab".repeat(50)}`, "SAVE");
  await expect(sum(page)).toContainText("4 keys in");
  await expect(sum(page)).toContainText("The checksum fits");
  await view(page).getByRole("button", { name: "Table" }).click();
  const table = view(page).locator("table");
  for (const words of [
    "“REDIS”, version 11",
    "redis-bits = 64 (int8)",
    "database 0 begins",
    "4 keys, 1 with an expiry",
    "value 42, int8",
    "sorted set as listpack, key lb",
    "member bob",
    "bytes for 100",
    "CRC-64 of all before: it fits",
  ])
    await expect(table).toContainText(words);
  await expect(table).toContainText(/expires 20\d\d-/);
  await noViolations(page);
});

test("a byte that is changed is found by tool and server, and changed back", async ({ page }) => {
  await enter(page, "SET hits 42", "SAVE");
  await expect(sum(page)).toContainText("1 key in");
  await view(page).locator(".rows").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Home");
  await expect(view(page).locator(".open")).toContainText("magic");
  await view(page).locator(".field-row", { hasText: "value 42, int8" }).click();
  await view(page).getByRole("button", { name: /: 2a$/ }).click();
  await view(page)
    .getByRole("textbox", { name: /two hexadecimal digits/ })
    .fill("2b");
  await press(page, "Write it");
  await expect(said(page)).toContainText("was 2a and is 2b now");
  await expect(view(page).locator(".field-row", { hasText: "value 43, int8" })).toBeVisible();
  await expect(sum(page)).toContainText("The checksum does not fit");
  await press(page, "Check it");
  await expect(said(page)).toContainText("RDB CRC error");
  await press(page, "What would a server say?");
  await expect(said(page)).toContainText("A server does not start with it");
  await press(page, "Load it");
  await press(page, "Replace what the sandbox has");
  await expect(said(page)).toContainText("Nothing has changed");
  await view(page).getByRole("button", { name: /: 2b$/ }).click();
  await press(page, "Flip its lowest bit");
  await expect(sum(page)).toContainText("The checksum fits");
  await noViolations(page);
});

test("a snapshot goes out as a file, comes back to be looked at, and is loaded", async ({ page }) => {
  await enter(page, "SET a 1", "SAVE");
  const coming = page.waitForEvent("download");
  await press(page, "Download");
  const path = join(mkdtempSync(join(tmpdir(), "redlab-")), "dump.rdb");
  await (await coming).saveAs(path);
  expect(readFileSync(path).subarray(0, 5).toString()).toBe("REDIS");
  await enter(page, "SET b 2");
  await view(page).locator("input[type=file]").first().setInputFiles(path);
  await expect(sum(page)).toContainText("It was brought here; no server has read it");
  await press(page, "Check it");
  await expect(said(page)).toContainText("\\o/ RDB looks OK! \\o/");
  await press(page, "Load it");
  await press(page, "Replace what the sandbox has");
  await expect(log(page)).toContainText("The sandbox was restarted");
  await enter(page, "DBSIZE");
  await expect(log(page).locator(".rep").last()).toHaveText("(integer) 1");
});

test("what is no snapshot is told in the server's words, and nothing is lost", async ({ page }) => {
  await enter(page, "SET a 1");
  await view(page)
    .locator("input[type=file]")
    .first()
    .setInputFiles({ name: "bad.rdb", mimeType: "application/octet-stream", buffer: Buffer.from("REDIS9999nonsense") });
  await expect(sum(page)).toContainText("a version that is not known");
  await press(page, "What would a server say?");
  await expect(said(page)).toContainText("Can't handle RDB format version");
  await press(page, "Load it");
  await press(page, "Replace what the sandbox has");
  await expect(said(page)).toContainText("Nothing has changed");
  await enter(page, "GET a");
  await expect(log(page).locator(".rep").last()).toHaveText('"1"');
});

test("at 320 px, in the dark, and with forced colours", async ({ page }) => {
  await enter(page, "SET hits 42", "SET sess u1 EX 1000", "SAVE");
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.setViewportSize({ width: 320, height: 800 });
  await page.locator("#tabs").getByRole("button", { name: "Views" }).click();
  await view(page).locator(".field-row").nth(3).click();
  await expect(view(page).locator(".open .byte").first()).toBeVisible();
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over).toBeLessThanOrEqual(0);
  await noViolations(page);
  await page.emulateMedia({ forcedColors: "active" });
  await noViolations(page);
});
