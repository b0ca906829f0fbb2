// Disks that are slow, full, failing or wrong, and links of which each direction is set: by click and by typed words.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { breaks, deck, enter, faults, log, OPENS, pause, press, terminal } from "./worlds.js";

test.setTimeout(60_000);

const disk = (page) => page.getByRole("group", { name: "Disk of n1" });
const choose = (page, what) => page.getByRole("button", { name: what }).first().dispatchEvent("click");

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  await page.goto("./?estate=primary-replicas");
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
}

test("a full disk refuses writes until it is well again", async ({ page }) => {
  await open(page);
  await choose(page, /^n1 primary/);
  await disk(page).getByRole("button", { name: "Slow disk" }).click();
  await expect(disk(page)).toContainText("An fsync takes 500 ms");
  await disk(page).getByRole("button", { name: "Disk well again" }).click();
  await expect(disk(page)).toContainText("An fsync takes 1 ms");
  await expect(disk(page).getByRole("button", { name: "Disk well again" })).toBeHidden();
  await enter(page, "n1", ":disk full");
  await expect(log(page, "n1")).toContainText("n1: The disk is full: not a byte more fits.");
  await expect(disk(page)).toContainText("full: not a byte more fits");
  // The first one is what the server learns it by.
  await enter(page, "n1", "SET a 1");
  await expect(log(page, "n1")).toContainText("OK");
  await enter(page, "n1", "SET b 1");
  await expect(log(page, "n1")).toContainText("MISCONF");
  await enter(page, "n1", ":disk well");
  await expect(log(page, "n1")).toContainText("n1: The disk is well again.");
  await expect(deck(page).locator(".fault").last()).toContainText("disk n1");
  await noViolations(page);
});

test("a bit is flipped on the platter, and the write at work is torn", async ({ page }) => {
  await open(page);
  await enter(page, "n1", "CONFIG SET appendfsync always");
  await enter(page, "n1", "SET a 1");
  await expect(log(page, "n1").locator(".rep")).toHaveText(["OK", "OK"]);
  await enter(page, "n1", ":disk");
  await expect(log(page, "n1")).toContainText(
    /appendonlydir\/appendonly\.aof\.1\.incr\.aof {2}\d+ bytes on the platter/,
  );
  await choose(page, /^n1 primary/);
  await disk(page).getByLabel("Byte", { exact: true }).fill("0");
  await disk(page).getByRole("button", { name: "Flip a bit" }).click();
  await disk(page).getByLabel("Of the write at work").fill("7");
  await disk(page).getByRole("button", { name: "Cut the power in it" }).click();
  await expect(page.getByRole("button", { name: /^n1 no power/ }).first()).toBeVisible();
  await faults(page).getByRole("button", { name: "Start", exact: true }).click();
  await expect(faults(page)).toContainText(/Bad file format|server does not run/);
});

test("each direction of a link has its own latency, loss and bandwidth", async ({ page }) => {
  await open(page);
  await pause(page);
  await choose(page, /^Link of n1 and n2/);
  const there = faults(page).getByLabel("n1 to n2: Latency, ms");
  await there.fill("300");
  await there.press("Enter");
  await expect(faults(page)).toContainText("n1 → n2: 300 ms · n2 → n1: 40 ms.");
  const bandwidth = faults(page).getByLabel("n2 to n1: Bandwidth, 0: any, kB/s");
  await bandwidth.fill("5");
  await bandwidth.press("Enter");
  await expect(faults(page)).toContainText("n2 → n1: 40 ms, 5.0 kB/s.");
  await enter(page, "n1", ":link n1 > n2 loss 10 jitter 20");
  await expect(faults(page)).toContainText("n1 → n2: 300 ms to 320 ms, 10% lost");
  await breaks(page, /^Link of n1 and n2/, "40 ms, nothing lost");
  await expect(faults(page)).toContainText("n1 → n2: 40 ms · n2 → n1: 40 ms.");
  await enter(page, "n2", ":link n1 n2 loss many");
  await expect(log(page, "n2")).toContainText("loss is a number from 0 to 100, in percent");
  await noViolations(page);
});

test("where nothing is to come a step says so", async ({ page }) => {
  await page.goto("./?estate=one");
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
  await pause(page);
  await breaks(page, /^n1 primary/, "Cut the power");
  await deck(page).getByLabel("Until").selectOption({ label: "for 60.0 s" });
  await press(page, "Run");
  const clock = await deck(page).locator(".clock").textContent();
  await press(page, "Step");
  await expect(deck(page)).toContainText("Nothing is to come: no machine runs, nothing is under way.");
  expect(await deck(page).locator(".clock").textContent()).toBe(clock);
});
