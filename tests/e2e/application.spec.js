// An application with a cache and a database: what it does is seen, its program can be changed, and runs are saved, opened
// and shared.
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { deck, enter, faults, OPENS, press, terminal } from "./worlds.js";

test.setTimeout(60_000);

const application = (page) => page.getByRole("group", { name: "Application", exact: true });

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  await page.goto("./#estate/app-cache-database");
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
}

/** Lets so much time pass, and stand still. @param {import("@playwright/test").Page} page @param {string} what */
async function run(page, what) {
  await deck(page).getByLabel("Until").selectOption({ label: what });
  await press(page, "Run");
  await expect(deck(page).getByRole("button", { name: "Play", exact: true })).toBeVisible();
}

test("the cache takes load off the database; without it requests wait", async ({ page }) => {
  await open(page);
  await expect(application(page).locator(".sum")).toContainText("was in the cache");
  await press(page, "Pause");
  await page.getByRole("button", { name: /^db/ }).first().dispatchEvent("click");
  await faults(page).getByRole("button", { name: "Ten times slower" }).click();
  await enter(page, "n1", "FLUSHALL");
  await run(page, "for 1.0 s");
  await expect(application(page).locator(".sum")).toContainText(/\d+ requests for db wait/);
  await expect(application(page)).toContainText("everything takes 10 times as long");
  await noViolations(page);
});

test("another program takes the place of the one that runs; its errors are in its log", async ({ page }) => {
  await open(page);
  await press(page, "Pause");
  const source = application(page).getByLabel("Program");
  await expect(source).toHaveValue(/Cache-aside/);
  await expect(application(page).getByRole("button", { name: "Run this program" })).toBeDisabled();
  await source.fill('log("hello from", now() > 0)\nlocal x = nil + 1');
  await application(page).getByRole("button", { name: "Run this program" }).click();
  await run(page, "for 100 ms");
  await expect(application(page).locator(".lines")).toContainText("hello from true");
  await expect(application(page).locator(".lines")).toContainText(
    "shop:2: attempt to perform arithmetic on a nil value",
  );
  await expect(application(page).locator(".sum")).toContainText("shop has died of an error");
  // The past has the program that ran then.
  await deck(page)
    .getByLabel("Moment")
    .evaluate((el) => {
      /** @type {any} */ (el).value = "0";
      el.dispatchEvent(new Event("input"));
    });
  await expect(source).toHaveValue(/Cache-aside/);
});

test("a run is saved, opened again, and goes as it did", async ({ page }) => {
  await open(page);
  await press(page, "Pause");
  await terminal(page, "n1").locator("input").fill("SET mine 1");
  await terminal(page, "n1").locator("input").press("Enter");
  await run(page, "for 1.0 s");
  await run(page, "until something arrives at db");
  const start = page.getByRole("group", { name: "Application, cache and database" });
  const saving = page.waitForEvent("download");
  await start.getByRole("button", { name: "Save it" }).click();
  const file = await (await saving).path();
  const trace = JSON.parse(await readFile(file, "utf8"));
  expect(trace.acts.at(-1)[2]).toMatchObject({ act: "send" });

  await page.goto("./#estate/one");
  await expect(page).toHaveTitle(/One node/);
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
  await page
    .getByLabel("Run to open")
    .setInputFiles({ name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await expect(page.getByRole("alert").filter({ hasText: "x.json was not opened: it is no saved run." })).toBeVisible();
  await page.getByLabel("Run to open").setInputFiles(file);
  const shown = page.getByRole("group", { name: "A saved run", exact: true });
  await expect(shown).toContainText("1 machine, 1 database, 1 program, 1 group of clients, 1 command");
  await shown.getByRole("button", { name: "Play it" }).click();
  await expect(page.getByText("it went event by event as it did when it was saved")).toBeVisible(OPENS);
  await expect(application(page).getByLabel("Program")).toHaveValue(/Cache-aside/);
  await noViolations(page);
});

/** Drops a text file on the page. @param {import("@playwright/test").Page} page @param {string} name @param {string} text */
const drop = (page, name, text) =>
  page.evaluate(
    ([called, words]) => {
      const data = new DataTransfer();
      data.items.add(new File([words], called));
      const at = /** @type {Element} */ (document.querySelector("#main"));
      for (const event of ["dragover", "drop"])
        at.dispatchEvent(new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    [name, text],
  );

test("a run that is dropped on the page is opened, in a lesson too, whose own run is not saved", async ({ page }) => {
  await page.goto("./#lesson/acknowledged-and-lost");
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
  await expect(page.getByText("A lesson's run is not saved")).toBeVisible();
  await expect(page.getByRole("button", { name: "Save it" })).toHaveCount(0);
  await drop(page, "none.json", "[]");
  await expect(
    page.getByRole("alert").filter({ hasText: "none.json was not opened: it is no saved run." }),
  ).toBeVisible();
  const start_ms = Date.UTC(2025, 0, 1);
  const acts = [[0, 0, { act: "add", name: "n1" }]];
  const run = {
    redlab: "run",
    v: 1,
    preset: "one",
    seed: "3",
    start_ms,
    shown_ms: start_ms,
    acts,
    end: [0, 0],
    hash: null,
  };
  await drop(page, "run.json", JSON.stringify(run));
  const shown = page.getByRole("group", { name: "A saved run", exact: true });
  await expect(shown).toContainText("1 machine; 0.0 s, 0 events");
  await noViolations(page);
  await shown.getByRole("button", { name: "Play it" }).click();
  await expect(page.getByRole("heading", { name: "One node, a saved run" })).toBeVisible(OPENS);
  await expect(page.locator("redlab-lesson")).toHaveCount(0);
});

test("a run is shared by a link, which runs on a click alone", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("./#estate/primary-replicas");
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
  await terminal(page, "n1").locator("input").fill("SET mine 1");
  await terminal(page, "n1").locator("input").press("Enter");
  await expect(terminal(page, "n1").locator(".log")).toContainText("OK");
  await press(page, "Pause");
  await page.getByRole("button", { name: "Copy a link" }).click();
  await expect(page.getByText(/The link is copied: \d+ characters\./)).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link.length).toBeLessThan(2000);

  await page.goto("./#");
  await page.goto(link);
  const shown = page.getByRole("group", { name: "A saved run", exact: true }).last();
  await expect(shown).toContainText("3 machines, 1 command");
  await expect(deck(page)).toHaveCount(0);
  await noViolations(page);
  await shown.getByRole("button", { name: "Play it" }).click();
  await expect(page.getByText("it went event by event as it did when it was saved")).toBeVisible(OPENS);

  await page.goto(`${link.slice(0, -20)}`);
  await expect(page.getByRole("alert").filter({ hasText: "This link cannot be opened" })).toBeVisible();
});

test("a run that cannot be played says why, and the way on is open", async ({ page }) => {
  const begin = { seed: "7", start_ms: 1.7e12, shown_ms: 1.7e12 };
  const run = { redlab: "run", v: 1, preset: "primary-replicas", ...begin, acts: [], end: [10, 1000], hash: null };
  const link = `./#s=1.${deflateRawSync(JSON.stringify(run)).toString("base64url")}`;
  await page.goto(link);
  await page.getByRole("button", { name: "Play it" }).click();
  const refused = page
    .getByRole("alert")
    .filter({ hasText: "The saved run could not be played: this version comes to" });
  await expect(refused).toBeVisible(OPENS);
  await noViolations(page);
  await page.getByRole("link", { name: "To the sandbox" }).click();
  await expect(page.locator("redlab-terminal input")).toBeVisible();
  // Who goes away meanwhile comes to where he wanted.
  await page.goto(link);
  await page.getByRole("button", { name: "Play it" }).click();
  await page.evaluate(() => (location.hash = ""));
  await expect(page.locator("redlab-terminal input")).toBeVisible(OPENS);
  await expect(refused).toHaveCount(0);
});

test("at 320 pixels and in the dark everything is there", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("./#estate/app-cache-database");
  const tab = page.locator("#tabs").getByRole("button", { name: "Application", exact: true });
  await expect(tab).toBeVisible(OPENS);
  await tab.click();
  await expect(application(page).locator(".sum")).toContainText("requests");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(320);
  await noViolations(page);
});
