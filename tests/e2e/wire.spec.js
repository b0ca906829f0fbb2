// The wire: messages under way and arrived, taken apart, chosen among, and those of another moment.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { enter, log, OPENS, pause, press, seek, terminal } from "./worlds.js";

test.setTimeout(60_000);

const wire = (page) => page.getByRole("group", { name: "Wire", exact: true });
const rows = (page) => wire(page).locator("tr[data-id]");
const row = (page, words) => rows(page).filter({ hasText: words }).last();
const taken = (page) => wire(page).getByRole("region", { name: "The chosen message" });

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  await page.goto("./?estate=primary-replicas");
  await expect(terminal(page, "n3").locator("input")).toBeVisible(OPENS);
  await page.getByRole("button", { name: "Open Wire again" }).click();
  await expect(rows(page).first()).toBeVisible();
}

test("a write is followed from the terminal to the replicas, and taken apart", async ({ page }) => {
  await open(page);
  await pause(page);
  await enter(page, "n1", "SET greeting hello");
  for (let i = 0; i < 80 && !(await rows(page).filter({ hasText: "SELECT 0; SET greeting hello" }).count()); i++)
    await press(page, "Step");
  const stream = row(page, "SELECT 0; SET greeting hello");
  await expect(stream).toContainText("under way");
  await stream.getByRole("button").click();
  await expect(taken(page)).toContainText("replication on connection");
  await expect(taken(page).getByRole("table", { name: "Its parts" })).toContainText("SET greeting hello");
  await expect(taken(page).locator(".hex")).toContainText("2a 32 0d 0a");
  await press(page, "Play");
  await expect(taken(page)).toContainText("arrived");
  await expect(log(page, "n1")).toContainText("OK");
});

test("how a replica began can be read, and only that", async ({ page }) => {
  await open(page);
  await wire(page).getByLabel("Place").selectOption("n2");
  await wire(page).getByLabel("Kind").selectOption({ label: "Replication" });
  await wire(page)
    .locator(".messages")
    .evaluate((el) => (el.scrollTop = 0));
  await expect(row(page, "PSYNC ? -1")).toBeVisible();
  const answer = row(page, "+FULLRESYNC");
  await answer.getByRole("button").click();
  await expect(taken(page)).toContainText("answer to PSYNC");
  await expect(taken(page)).toContainText("“REDIS”, version 11, no keys");
  await expect(rows(page).filter({ hasText: "n3" })).toHaveCount(0);
  // From row to row by keyboard.
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(taken(page)).not.toContainText("answer to PSYNC");
  await noViolations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await noViolations(page);
});

test("going back shows what was known then", async ({ page }) => {
  await open(page);
  await enter(page, "n1", "SET later 1");
  await expect(row(page, "SET later 1")).toBeVisible();
  await row(page, "SET later 1").getByRole("button").click();
  await expect(taken(page)).toContainText("SET later 1");
  await pause(page);
  await seek(page, 0);
  await expect(row(page, "SET later 1")).toHaveCount(0);
  await expect(taken(page)).toContainText("At this moment it has not been sent");
});

test("fits a phone", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto("./?estate=primary-replicas");
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
  await page.locator("#tabs").getByRole("button", { name: "Wire" }).click();
  await expect(row(page, "REPLCONF ACK")).toBeVisible();
  await pause(page);
  await row(page, "REPLCONF ACK").getByRole("button").click();
  await expect(taken(page).locator(".hex")).toContainText("2a 33");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await noViolations(page);
});
