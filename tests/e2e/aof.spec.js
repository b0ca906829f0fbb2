// The view of the append-only file: its bytes and who wrote them, what a power cut takes, damage and its repair, large files.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { enter, viewOf } from "./sessions.js";

const input = "redlab-terminal input";
const INCREMENT = "appendonlydir/appendonly.aof.1.incr.aof";
const log = (page) => page.locator("redlab-terminal .log").first();
const { view, sum, said, press } = viewOf("AOF");

test.beforeEach(async ({ page }) => {
  await page.goto("./");
  await expect(page.locator(input)).toBeVisible();
});

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  await page.getByRole("button", { name: "Show AOF" }).click();
  await expect(sum(page)).toContainText("command");
}

test("each command's bytes are tied to the line that wrote them, both ways", async ({ page }) => {
  await open(page);
  await enter(page, "SET hits 42", "GET hits", "INCR hits");
  const incr = view(page).locator('[data-name*="command 3: INCR hits"]').first();
  await expect(incr).toHaveAttribute("data-name", /on the platter · written by this line at 00:/);
  await incr.hover();
  await expect(view(page).locator(".point")).toContainText("INCR hits");
  await expect(log(page).locator(".cmd.pointed")).toContainText("INCR hits");
  await log(page).locator(".cmd", { hasText: "SET hits 42" }).hover();
  await expect(view(page).locator(".rows .on").first()).toHaveAttribute("data-name", /SET hits 42/);
  await enter(page, "MULTI", "INCR n", "EXEC", "EVAL \"redis.call('incr','n') redis.call('incr','n')\" 0");
  await expect(view(page).locator('[data-name*="incr n"]').first()).toHaveAttribute("data-name", /written by EVAL/);
});

test("what only the page cache has is underlined and lost with the power", async ({ page }) => {
  await open(page);
  await enter(page, "SET a 1", "CONFIG SET appendfsync no", "SET b 2");
  await expect(sum(page)).toContainText("in the page cache only: a power cut takes them");
  await expect(view(page).locator(".rows .cache").first()).toHaveAttribute(
    "data-name",
    /SET b 2.*in the page cache only/,
  );
  await enter(page, ":crash");
  await expect(sum(page)).toContainText("All of it is on the platter");
  await expect(view(page).locator('[data-name*="SET b 2"]')).toHaveCount(0);
});

test("a rewrite puts a base before the increment", async ({ page }) => {
  await open(page);
  await enter(page, "SET a 1", "BGREWRITEAOF");
  await expect(view(page).locator(".chip", { hasText: "appendonly.aof.2.base.rdb" })).toContainText("base");
  await expect(view(page).locator(".chip[aria-pressed=true]")).toContainText("appendonly.aof.2.incr.aof");
  await expect(sum(page)).toContainText("2 files make up the data");
});

test("a broken end is shown with the tool's verdict, and repaired", async ({ page }) => {
  await open(page);
  await enter(page, "SET a 1", "SET b 2", `:flip ${INCREMENT} 50`);
  await expect(sum(page)).toContainText("It is sound up to byte 50");
  await expect(view(page).locator(".rows .broken").first()).toBeVisible();
  await press(page, "Check it");
  await expect(said(page)).toContainText("appendonly.aof.1.incr.aof format error");
  await expect(said(page)).toContainText("is not valid. Use the --fix option");
  await press(page, "What would a server say?");
  await expect(said(page)).toContainText("A server does not start with it");
  await expect(said(page)).toContainText("Bad file format reading the append only file");
  await press(page, "Repair it");
  await expect(said(page)).toContainText("Successfully truncated AOF");
  await expect(sum(page)).not.toContainText("It is sound up to");
  await press(page, "What would a server say?");
  await expect(said(page)).toContainText("A server starts with it and has 1 key");
  await enter(page, ":check appendonly.aof.manifest");
  await expect(log(page)).toContainText("All AOF files and manifest are valid");
  await press(page, "Restart with it");
  await press(page, "Restart the server");
  await enter(page, "DBSIZE");
  await expect(log(page).locator(".rep").last()).toHaveText("(integer) 1");
});

test(":check knows the options of the tools", async ({ page }) => {
  await enter(page, "CONFIG SET aof-timestamp-enabled yes", "SET a 1", "SAVE", ":check dump.rdb");
  await expect(log(page)).toContainText("\\o/ RDB looks OK! \\o/");
  await enter(page, `:check --truncate-to-timestamp 99999999999 ${INCREMENT}`);
  await expect(log(page)).toContainText("Truncate nothing in AOF");
  await enter(page, ":check nosuch.aof");
  await expect(log(page)).toContainText("Cannot open file nosuch.aof: No such file or directory");
  await enter(page, ":check");
  await expect(log(page)).toContainText(":check FILE [--fix | --truncate-to-timestamp SECONDS]");
});

test("by keyboard and in a table, without breaking a rule", async ({ page }) => {
  await open(page);
  await enter(page, "SET a 1", "SET b 2");
  await expect(view(page).locator('[data-name*="SET b 2"]').first()).toBeVisible();
  await view(page).locator(".rows").focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
  await expect(view(page).locator(".point")).toContainText("command 3: SET b 2");
  await page.keyboard.press("ArrowLeft");
  await expect(view(page).locator(".point")).toContainText("command 2: SET a 1");
  await noViolations(page);
  await view(page).getByRole("button", { name: "Table" }).click();
  await expect(view(page).locator("table")).toContainText("SET b 2 at 00:");
  await noViolations(page);
});

test("the files of an append-only directory are brought together, tried and loaded", async ({ page }) => {
  await enter(page, "SET here 1");
  await open(page);
  const file = (name, text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });
  const set = (key) => `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\n1\r\n`;
  await view(page)
    .locator("input[type=file]")
    .first()
    .setInputFiles([
      file("my.manifest", "file my.1.base.aof seq 1 type b\nfile my.1.incr.aof seq 1 type i\n"),
      file("my.1.base.aof", set("ann")),
      file("my.1.incr.aof", `${set("bob")}*3\r\n$3\r\nSET\r\n$1`),
    ]);
  await expect(view(page).locator(".chip[aria-pressed=true]")).toContainText("my.1.incr.aof");
  await expect(sum(page)).toContainText(
    "1 command. It was brought here; no server has read it. It is sound up to byte 29",
  );
  await press(page, "What would a server say?");
  await expect(said(page)).toContainText("A server starts with it and has 2 keys");
  await expect(said(page)).toContainText("Unexpected end of file");
  await press(page, "Check it");
  await expect(said(page)).toContainText("ok_up_to=29, ok_up_to_line=11, diff=15");
  await press(page, "Load it");
  await press(page, "Leave it");
  await press(page, "Load it");
  await press(page, "Replace what the sandbox has");
  await enter(page, "EXISTS ann bob here");
  await expect(log(page).locator(".rep").last()).toHaveText("(integer) 2");
});

test("a log of 50 MB is brought, looked at, and scrolled from end to end", async ({ page }) => {
  test.setTimeout(60_000);
  await open(page);
  await page.evaluate(async () => {
    const one = new TextEncoder().encode(`*3\r\n$3\r\nSET\r\n$7\r\nkey:123\r\n$64\r\n${"x".repeat(64)}\r\n`);
    const bytes = new Uint8Array(one.length * Math.floor(50e6 / one.length));
    for (let at = 0; at < bytes.length; at += one.length) bytes.set(one, at);
    const data = new DataTransfer();
    data.items.add(new File([bytes], "large.aof"));
    const at = document.querySelector("#main");
    for (const name of ["dragover", "drop"])
      at.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await expect(sum(page)).toContainText("It was brought here", { timeout: 20_000 });
  await expect(sum(page)).toContainText(/50\.0 MB: 5\d{5} commands\./, { timeout: 30_000 });
  const rows = view(page).locator(".rows");
  const frames = await rows.evaluate(async (el) => {
    const times = [];
    let last = performance.now();
    for (let i = 0; i < 60; i++) {
      el.scrollTop += i < 30 ? 90 : 80_000;
      await new Promise((next) => requestAnimationFrame(next));
      times.push(performance.now() - last);
      last = performance.now();
    }
    return times.sort((a, b) => a - b);
  });
  console.log(
    `frames while scrolling 50 MB: half within ${frames[30].toFixed(1)} ms, 95 % within ${frames[57].toFixed(1)} ms`,
  );
  await expect(rows.locator(".line").first()).toBeVisible();
  await rows.evaluate((el) => (el.scrollTop = el.scrollHeight));
  await expect(rows.locator(".line").last()).toContainText("xx··");
  await rows.evaluate((el) => (el.scrollTop = 0));
  await expect(rows.locator(".line .off").first()).toHaveText("0");
  await press(page, "Put away");
  await expect(sum(page)).not.toContainText("brought");
});
