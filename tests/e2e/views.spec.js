// The views of values, as a learner meets them: type a command, see what it touched.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";

const input = "redlab-terminal input";

/** @param {import("@playwright/test").Page} page @param {string[]} lines */
async function type(page, ...lines) {
  for (const line of lines) {
    await page.fill(input, line);
    await page.press(input, "Enter");
  }
}

/** The section of the value; it is in a tab of its own on a phone. @param {import("@playwright/test").Page} page */
const section = (page) => page.locator("redlab-views .view").first();

/**
 * What every view has: parts that can be walked through, a table twin, no violations, in both.
 * @param {import("@playwright/test").Page} page @param {import("@playwright/test").Locator} [view]
 */
async function complete(page, view = section(page)) {
  const parts = view.locator("[data-name]");
  expect(await parts.count()).toBeGreaterThan(3);
  await expect(view.locator('[data-name][tabindex="0"]')).toHaveCount(1);
  await parts.first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(parts.nth(1)).toBeFocused();
  await expect(view.locator(".point")).not.toBeEmpty();
  await noViolations(page);
  await view.getByRole("button", { name: "Table" }).click();
  await expect(view.locator("table").first()).toBeVisible();
  await noViolations(page);
  await view.getByRole("button", { name: "Drawing" }).click();
}

test.beforeEach(async ({ page }) => {
  await page.goto("./");
  await expect(page.locator(input)).toBeVisible();
});

test("a hash in a listpack: fields, values, and the bytes of one entry", async ({ page }) => {
  await type(page, "HSET user name ann age 31 mail ann@example.org", "HGET user age");
  const view = section(page);
  await expect(view.locator("h3")).toHaveText("Listpack");
  await expect(view.locator(".body > .sum")).toContainText(
    "HGET user age reads from the front: 2 fields until age, value 31",
  );
  await expect(view.locator("svg")).toContainText("field age, byte by byte");
  await complete(page);
  await type(page, "SADD tags red green", "SISMEMBER tags green");
  await expect(view.locator(".body > .sum")).toContainText(/reads from the front: .* until green/);
  await type(page, "SADD tags 12345", "SCARD tags");
  await expect(view.locator(".body > .sum")).toContainText("bytes in one run: 3 members. It stays so");
});

test("an intset: its numbers, the way of a search, and the moment it becomes wider", async ({ page }) => {
  await type(page, "SADD primes 2 3 5 7 11 13 17 19 23", "SISMEMBER primes 7");
  const view = section(page);
  await expect(view.locator("h3")).toHaveText("Intset");
  await expect(view.locator(".body > .sum")).toContainText(
    "SISMEMBER primes 7 halves what is left with each look: place 3 after 4 comparisons. 26 bytes: 9 numbers of 2 bytes",
  );
  await expect(view.locator('[data-name="comparison 2: places 0 to 7, 11 is more: to the left"]')).toHaveCount(1);
  await complete(page);
  await type(page, "SISMEMBER primes 70001");
  await expect(view.locator(".body > .sum")).toContainText("not there after 1 comparison. To hold 70001");
  await type(page, "SADD primes 70001");
  await expect(view.locator(".foot")).toContainText(
    "intset, 2 bytes a number → intset, 4 bytes a number: 70001 needs them",
  );
  await type(page, "SADD primes nine");
  await expect(view.locator("h3")).toHaveText("Listpack");
  await expect(view.locator(".foot")).toContainText("→ listpack");
});

test("the event loop breaks no rule, and can be walked through", async ({ page }) => {
  await page.getByRole("button", { name: "Show Event loop" }).click();
  await type(page, "MULTI", "INCR a", "EXEC", "NOSUCH");
  await complete(page, page.locator("redlab-views .view").nth(2));
});

test("a short list: its elements, and the bytes that they are", async ({ page }) => {
  await type(page, "RPUSH letters a b c", "LINDEX letters 1");
  const view = section(page);
  await expect(view.locator("h3")).toHaveText("List");
  await expect(view.locator("svg").nth(1)).toContainText("element b, byte by byte");
  await complete(page);
});

test("a HyperLogLog: hash, register, rank, estimate", async ({ page }) => {
  await type(page, "PFADD visitors a");
  const view = section(page);
  await expect(view.locator("h3")).toHaveText("HyperLogLog");
  await expect(view.locator(".body > .sum")).toContainText(
    /PFADD visitors a picks register 12.711 and has 1 zero in a row there: rank 2/,
  );
  await expect(view.locator(".body > .sum")).toContainText("1 different");
  await complete(page);
  await type(page, "PFADD visitors b c d", "PFCOUNT visitors");
  await expect(view.locator(".meta")).toContainText("sparse");
  await expect(view.locator(".body > .sum")).toContainText("4 different");
  await type(page, "PFDEBUG TODENSE visitors", "PFCOUNT visitors");
  await expect(view.locator(".meta")).toContainText("dense");
  await type(page, "SET visitors text", "GET visitors");
  await expect(view.locator("h3")).toHaveText("Key");
});

test("a stream: nodes, entries, a group and what is pending", async ({ page }) => {
  await type(page, "XADD orders 1-1 item tea", "XADD orders 2-1 item rye", "XADD orders 3-1 item oil");
  const view = section(page);
  await expect(view.locator("h3")).toHaveText("Stream");
  await expect(view.locator(".body > .sum")).toContainText(
    "XADD orders writes at the end of the last node: 3-1. 3 entries in 1 node",
  );
  await type(page, "XGROUP CREATE orders work 0", "XREADGROUP GROUP work ann COUNT 2 STREAMS orders >");
  await expect(view.locator(".body > .sum")).toContainText(
    "group work has come to 2-1, 2 pending, 1 still to come; ann holds 2",
  );
  await expect(view.locator('[data-name^="1-1 in work: pending with ann"]')).toHaveCount(1);
  await complete(page);
  await type(page, "XACK orders work 1-1");
  await expect(view.locator(".body > .sum")).toContainText("1 pending");
  await expect(view.locator('[data-name="1-1 in work: behind its place and not pending"]')).toHaveCount(1);
});

test("eviction: memory, the sample, the pool, and who went", async ({ page }) => {
  const view = page.locator("redlab-views .view").nth(1);
  await type(
    page,
    "CONFIG SET maxmemory-policy allkeys-lru",
    "DEBUG POPULATE 400 key 1000",
    "CONFIG SET maxmemory 1300kb",
    "SET a 1",
  );
  await expect(view.locator("h3")).toHaveText("Eviction");
  await expect(view.locator(".body > .sum")).toContainText(
    /The last to go was key:\d+: idle longest of those it remembers/,
  );
  await expect(view.locator(".meta")).toContainText("allkeys-lru");
  await complete(page, view);
  await type(page, "CONFIG SET maxmemory 0", "SET a 2");
  await expect(view.locator("h3")).toHaveText("Hash table");
});

test("in the dark and at 320 px nothing runs over or breaks a rule", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.setViewportSize({ width: 320, height: 800 });
  for (const line of [
    "HSET user name ann age 31 mail ann@example.org",
    "PFADD visitors a",
    "SADD primes 2 3 5 7 11 13 17 19 23 29 31 37 41 43 47",
    "SISMEMBER primes 40",
    "XADD orders 1-1 item tea",
    "XGROUP CREATE orders work 0",
    "XREADGROUP GROUP work ann STREAMS orders >",
  ]) {
    await page.locator("#tabs").getByRole("button", { name: "n1" }).click();
    await type(page, line);
    await page.locator("#tabs").getByRole("button", { name: "Views" }).click();
    const view = section(page);
    await expect(view.locator("svg")).toBeVisible();
    const over = await view.locator("svg").evaluate((svg) => {
      const room = svg.getBoundingClientRect().right + 1;
      return [...svg.querySelectorAll("*")]
        .filter((x) => x.getBoundingClientRect().right > room)
        .map((x) => x.outerHTML);
    });
    expect(over, line).toEqual([]);
    await noViolations(page);
  }
});
