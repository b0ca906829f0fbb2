// Several nodes on one clock: what is written here is read there, time stands still, goes back and takes another way, and
// links and machines break.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { breaks, deck, enter, faults, log, OPENS, pause, press, seek, terminal } from "./worlds.js";

// A world of several nodes takes the engine's later part first, and a busy machine a while for it.
test.setTimeout(40_000);
const finding = (page, view) => page.getByRole("group", { name: view, exact: true }).locator(".sum");

test.describe("a primary and two replicas", () => {
  test.beforeEach(async ({ page }) => {
    await page.goto("./?estate=primary-replicas");
    await expect(terminal(page, "n3").locator("input")).toBeVisible(OPENS);
    await expect(page).toHaveURL(/#estate\/primary-replicas$/);
  });

  test("what is written on one is read on another, once time has passed", async ({ page }) => {
    await enter(page, "n1", "SET greeting hello");
    await expect(log(page, "n1")).toContainText("OK");
    await enter(page, "n1", "WAIT 2 1000");
    await expect(log(page, "n1")).toContainText("(integer) 2");
    await enter(page, "n2", "GET greeting");
    await expect(log(page, "n2")).toContainText('"hello"');
    await enter(page, "n3", "SET greeting no");
    await expect(log(page, "n3")).toContainText("READONLY You can't write against a read only replica.");
    await expect(terminal(page, "n2").locator(".ps").last()).toHaveText("n2:6379>");
    await pause(page);
    const stands = await deck(page).locator(".clock").textContent();
    await enter(page, "n1", "INCR hits");
    await expect(log(page, "n1")).toContainText("INCR hits");
    await expect(deck(page).locator(".clock")).toHaveText(stands ?? "");
    await press(page, "Play");
    await expect(log(page, "n1")).toContainText("(integer) 1");
  });

  test("a replica that is cut off falls behind, and catches up", async ({ page }) => {
    await breaks(page, /^n3 replica/, "Cut it off");
    await expect(finding(page, "Topology")).toContainText("n3 is cut off");
    await enter(page, "n1", "SET a 1");
    await expect(log(page, "n1")).toContainText("OK");
    await expect(finding(page, "Replication")).toContainText(/n3 (is .* behind n1|has no connection)/);
    await enter(page, "n3", "GET a");
    await expect(log(page, "n3")).toContainText("(nil)");
    await faults(page).getByRole("button", { name: "Heal all links" }).click();
    await deck(page).getByLabel("Speed").fill("6");
    await expect(finding(page, "Replication")).toContainText("n3 has all that n1 has");
    await enter(page, "n3", "GET a");
    await expect(log(page, "n3")).toContainText('"1"');
  });

  test("one goes back, and takes another way; both futures stay", async ({ page }) => {
    await enter(page, "n1", "SET a old");
    await expect(log(page, "n1")).toContainText("OK");
    await pause(page);
    await seek(page, 0);
    await expect(deck(page).locator(".clock")).toHaveText("00:00.000");
    await expect(log(page, "n1").locator(".cmd.untrue")).toHaveCount(1);
    await press(page, "Fork");
    await expect(deck(page).getByRole("button", { name: "Future B" })).toHaveAttribute("aria-pressed", "true");
    await press(page, "Play");
    await enter(page, "n1", "SET a new");
    await expect(log(page, "n1").locator(".rep:not(.untrue)")).toHaveText("OK");
    await pause(page);
    await expect(deck(page).locator(".difference")).toContainText("n1: 1 key (a)");
    await press(page, "Future A");
    // What was typed there comes again in its time.
    await press(page, "Play");
    await expect(deck(page).locator(".end")).toHaveText("");
    await expect(log(page, "n1").locator(".cmd:not(.untrue)")).toContainText("SET a old");
    await enter(page, "n1", "GET a");
    await expect(log(page, "n1")).toContainText('"old"');
  });

  test("a server is killed and started, a machine loses its power", async ({ page }) => {
    await enter(page, "n1", "CONFIG SET appendfsync always");
    await enter(page, "n1", "SET a 1");
    await expect(log(page, "n1").locator(".rep")).toHaveText(["OK", "OK"]);
    await breaks(page, /^n1 primary/, "Kill the server");
    await expect(finding(page, "Topology")).toContainText("n1 does not run");
    await faults(page).getByRole("button", { name: "Start", exact: true }).click();
    await enter(page, "n1", "GET a");
    await expect(log(page, "n1")).toContainText('"1"');
    await breaks(page, /^n2 replica/, "Cut the power");
    await expect(finding(page, "Topology")).toContainText("n2 has no power");
    await expect(deck(page).locator(".fault").last()).toContainText("power off n2");
  });

  test("time goes by events, and messages can be read, lost and delayed", async ({ page }) => {
    await pause(page);
    await enter(page, "n1", "SET greeting hello");
    const message = page.getByRole("button", { name: /^n1 to n2: .*SET greeting hello/ });
    for (let i = 0; i < 60 && !(await message.count()); i++) await press(page, "Step");
    await message.focus();
    await page.keyboard.press("Enter");
    await expect(faults(page)).toContainText("SET greeting hello");
    await expect(faults(page)).toContainText("arrives in");
    await faults(page).getByRole("button", { name: "Delay it by 1 s" }).click();
    await expect(faults(page)).toContainText(/arrives in 1\.0 s/);
  });

  test("breaks no rule of accessibility, in light and dark, as drawing and table, with clients at work", async ({
    page,
  }) => {
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await expect(page.locator(".loads")).toContainText("answered");
    await pause(page);
    await noViolations(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await noViolations(page);
    for (const table of await page.getByRole("button", { name: "Table" }).all()) await table.click();
    await expect(page.getByRole("table", { name: "Machines" })).toContainText("replica of n1");
    await noViolations(page);
  });
});

test("the menu leads to it, and the sandbox back", async ({ page }) => {
  await page.goto("./");
  await page.getByRole("button", { name: "Nodes" }).click();
  await page.getByRole("link", { name: "A chain" }).click();
  await expect(terminal(page, "n3").locator("input")).toBeVisible(OPENS);
  await expect(finding(page, "Replication")).toContainText("n3 has all that n1 has");
  await page.getByRole("link", { name: "Sandbox" }).click();
  await expect(page.locator("redlab-terminal")).toHaveCount(1);
  await expect(page.locator("redlab-views")).toBeVisible();
  await expect(deck(page)).toHaveCount(0);
});

test("fits a phone", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto("./?estate=five");
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
  const over = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await over()).toBe(0);
  await page.locator("#tabs").getByRole("button", { name: "Topology" }).click();
  await expect(page.getByRole("button", { name: /^n5 primary/ })).toBeVisible();
  expect(await over()).toBe(0);
  await noViolations(page);
});
