// The page as a learner meets it: types, reloads, loses storage, opens a second tab, uses a phone.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { noViolations } from "./axe.js";

const input = "redlab-terminal input";

/** @param {import("@playwright/test").Page} page @param {string} line */
async function type(page, line) {
  await page.fill(input, line);
  await page.press(input, "Enter");
}
const log = (page) => page.locator("redlab-terminal .log").first();
const open = async (page, path = "./") => {
  await page.goto(path);
  await expect(page.locator(input)).toBeVisible();
};

test("types a session, reloads, and the data is back", async ({ page }) => {
  const errors = [];
  page.on("pageerror", (e) => errors.push(e.message));
  page.on("console", (m) => m.type() === "error" && errors.push(m.text()));
  await open(page);
  await expect(page.locator(".log .try")).toHaveText("SET greeting hello");
  await page.click(".log .try");
  await expect(page.locator(input)).toHaveValue("SET greeting hello");
  await page.press(input, "Enter");
  await expect(log(page)).toContainText("OK");
  await type(page, "INCR visits");
  await expect(log(page)).toContainText("(integer) 1");
  await expect(page.locator(".saved")).toContainText("saved");
  await page.reload();
  await type(page, "GET greeting");
  await expect(log(page)).toContainText('"hello"');
  await type(page, "INCR visits");
  await expect(log(page)).toContainText("(integer) 2");
  // The history is back too: up once is INCR, up three times the line before the reload.
  for (const line of ["INCR visits", "GET greeting", "INCR visits", "SET greeting hello"]) {
    await page.press(input, "ArrowUp");
    await expect(page.locator(input)).toHaveValue(line);
  }
  expect(errors).toEqual([]);
});

test("errors are the server's words, with an explanation where there is one", async ({ page }) => {
  await open(page);
  await type(page, "SET k");
  await expect(log(page)).toContainText("(error) ERR wrong number of arguments for 'set' command");
  await type(page, 'SET k "open');
  await expect(log(page)).toContainText("Invalid argument(s)");
  await type(page, "PNIG");
  await expect(log(page)).toContainText("(error) ERR unknown command 'PNIG'");
  await expect(page.locator("redlab-terminal [role=status]")).toContainText("unknown command");
});

test("prompt, keys and redis-cli's own commands", async ({ page }) => {
  await open(page);
  const prompt = page.locator(".ask .ps");
  await type(page, "SELECT 3");
  await expect(prompt).toHaveText("n1:6379[3]>");
  await type(page, "3 ECHO again");
  await expect(log(page).locator(".rep", { hasText: '"again"' })).toHaveCount(3);
  await type(page, ":set nohints");
  await type(page, "CONNECT");
  await expect(prompt).toHaveText("n1:6379>");
  await page.press(input, "Control+r");
  await page.keyboard.type("again");
  await expect(page.locator(".hint")).toContainText("3 ECHO again");
  await page.press(input, "Enter");
  await expect(log(page).locator(".rep", { hasText: '"again"' })).toHaveCount(6);
  await page.press(input, "Control+l");
  await expect(log(page).locator(".cmd")).toHaveCount(0);
  // Esc leaves; Tab leaves where nothing can be completed.
  await page.press(input, "Escape");
  await expect(page.locator(input)).not.toBeFocused();
  await page.focus(input);
  await page.press(input, "Tab");
  await expect(page.locator(input)).not.toBeFocused();
});

/** @param {import("@playwright/test").Page} page @param {string} text */
async function paste(page, text) {
  await page.focus(input);
  await page.evaluate(
    ([sel, text]) => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      document
        .querySelector(sel)
        ?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    },
    [input, text],
  );
}

/** How many pieces the log of the sandbox was written in. @param {import("@playwright/test").Page} page */
const chunks = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const request = indexedDB.open("redlab");
        request.onsuccess = () => {
          const keys = request.result.transaction("log").objectStore("log").getAllKeys();
          keys.onsuccess = () => resolve(keys.result.length);
        };
      }),
  );

test("pasted lines run one after another, the last stays", async ({ page }) => {
  await open(page);
  await paste(page, "SET a 1\nINCR a\r\nINCR a\nGET a");
  await expect(log(page)).toContainText("(integer) 3");
  await expect(page.locator(input)).toHaveValue("GET a");
});

test("many pasted lines are committed together, in their order", async ({ page }) => {
  await open(page);
  const lines = Array.from({ length: 400 }, (_, i) => `RPUSH l ${i}`);
  const special = ["SELECT 3", "MULTI", "SET k v", "GET k", "EXEC", "nosuch", "SELECT 0", "LRANGE l -2 -1", "2 LLEN l"];
  await paste(page, [...lines, ...special, ""].join("\n"));
  await expect(log(page).locator(".rep", { hasText: "(integer) 400" })).toHaveCount(3);
  await expect(log(page)).toContainText('2) "399"');
  await expect(log(page)).toContainText("ERR unknown command 'nosuch'");
  // Each line stands behind the prompt that it had.
  const prompt = (/** @type {string} */ line) =>
    log(page)
      .locator(".cmd", { has: page.getByText(line, { exact: true }) })
      .locator(".ps")
      .first();
  await expect(prompt("GET k")).toHaveText("n1:6379[3](TX)>");
  await expect(prompt("LRANGE l -2 -1")).toHaveText("n1:6379>");
  expect(await chunks(page)).toBeLessThan(100);
});

test("a line of millions of characters is folded, and runs whole", async ({ page }) => {
  await open(page);
  await page.fill(input, "SET big ");
  await page.press(input, "End");
  await paste(page, "x".repeat(5_000_000));
  await expect(page.locator(input)).toHaveValue(/^SET big x+⟨.* characters⟩x+$/);
  await page.press(input, "Enter");
  await type(page, "STRLEN big");
  await expect(log(page)).toContainText("(integer) 5000000");
});

test("another session has its own connection", async ({ page }) => {
  await open(page);
  await type(page, "SELECT 2");
  await page.getByRole("button", { name: "Open another session" }).click();
  const second = page.locator("redlab-terminal").nth(1);
  await expect(second.locator(".ask .ps")).toHaveText("n1:6379>");
  await second.locator("input").fill("QUIT");
  await second.locator("input").press("Enter");
  await expect(page.locator("redlab-terminal")).toHaveCount(1);
});

test("any bytes pass: escapes in, escapes out", async ({ page }) => {
  await open(page);
  await type(page, 'SET bin "\\x00\\xff\\n é"');
  await type(page, "GET bin");
  await expect(log(page)).toContainText('"\\x00\\xff\\n \\xc3\\xa9"');
  await type(page, 'ECHO "<img src=x onerror=alert(1)>"');
  await expect(log(page).locator("img")).toHaveCount(0);
});

/**
 * Writes to the stored sandbox, as `script` does with `files`, the table of what is on the platter.
 * @param {import("@playwright/test").Page} page @param {string} script
 */
const spoilFiles = (page, script) =>
  page.evaluate(
    `new Promise((resolve, reject) => {
      const r = indexedDB.open("redlab");
      r.onerror = () => reject(r.error);
      r.onsuccess = () => {
        const tx = r.result.transaction(["files", "log"], "readwrite");
        const [files, log] = [tx.objectStore("files"), tx.objectStore("log")];
        const bytes = (text) => new TextEncoder().encode(text);
        ${script}
        tx.oncomplete = () => (r.result.close(), resolve(null));
      };
    })`,
  );
/** Adds to the end of the file with that ending. @param {string} ending @param {string} text as in JS */
const append = (ending, text) =>
  `files.get(["sandbox", 0, 0]).onsuccess = (e) => {
     const [, file] = e.target.result.find(([name]) => name.endsWith(${JSON.stringify(ending)}));
     files.getAll(IDBKeyRange.bound(["sandbox", file, 0], ["sandbox", file, Infinity])).onsuccess = (all) => {
       const end = Math.max(0, ...all.target.result.map(([at, b]) => at + (b?.length ?? 0)));
       files.add([end, bytes(${JSON.stringify(text)})], ["sandbox", file, 9999]);
     };
   };`;

test("damaged files are read as far as they go, kept, and told", async ({ page }) => {
  await open(page);
  await type(page, "SET good 1");
  await expect(log(page)).toContainText("OK");
  await spoilFiles(page, append(".1.incr.aof", "*3\r\n$3\r\nSET\r\n$x\r\nbroken"));
  await page.reload();
  await expect(page.locator(".notice")).toContainText("Bad file format reading the append only file");
  await expect(page.locator(".notice")).toContainText("1 key was read");
  await noViolations(page);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the damaged files" }).click();
  expect(readFileSync(await (await download).path(), "latin1")).toContain("broken");
  await type(page, "GET good");
  await expect(log(page)).toContainText('"1"');
  await page.reload();
  await expect(page.locator(input)).toBeVisible();
  await type(page, "GET good");
  await expect(log(page)).toContainText('"1"');
  await expect(page.locator(".notice")).toHaveCount(0);
});

test("files of which nothing can be read are set aside, and the lab opens", async ({ page }) => {
  await open(page);
  await type(page, "SET good 1");
  await expect(log(page)).toContainText("OK");
  await spoilFiles(page, append(".manifest", "nonsense\n"));
  await page.reload();
  await expect(page.locator(".notice")).toContainText("Nothing could be read");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the damaged files" }).click();
  expect(readFileSync(await (await download).path(), "latin1")).toContain("good");
  await type(page, "SET fresh 1");
  await expect(log(page)).toContainText("OK");
  await page.reload();
  await type(page, "DBSIZE");
  await expect(log(page)).toContainText("(integer) 1");
});

test("a sandbox of before there was a disk is taken over", async ({ page }) => {
  await page.goto("./sw.js");
  await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const r = indexedDB.open("redlab", 1);
        r.onerror = () => reject(r.error);
        r.onupgradeneeded = () => {
          for (const name of ["log", "meta", "damaged", "settings"]) r.result.createObjectStore(name);
        };
        r.onsuccess = () => {
          const tx = r.result.transaction(["log", "meta"], "readwrite");
          const lines = ["*3\r\n$3\r\nSET\r\n$3\r\nold\r\n$2\r\nme\r\n", "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"];
          lines.forEach((line, i) => tx.objectStore("log").add(new TextEncoder().encode(line), ["sandbox", i]));
          tx.objectStore("meta").put({ clock_ms: Date.now() + 60_000, seed: "77" }, "sandbox");
          tx.oncomplete = () => (r.result.close(), resolve(null));
        };
      }),
  );
  for (let visit = 1; visit < 3; visit++) {
    await open(page);
    await expect(page.locator(".seed")).toContainText("77");
    await type(page, "INCR n");
    await expect(log(page)).toContainText(`(integer) ${visit + 1}`);
    await type(page, "GET old");
    await expect(log(page)).toContainText('"me"');
    await expect(page.locator(".saved")).toContainText("saved");
  }
  await spoilFiles(
    page,
    `log.count().onsuccess = (e) => { if (e.target.result) throw new Error("the old log is still there"); };`,
  );
});

test("a reload is a power cut: what is kept is what the policy had synced", async ({ page }) => {
  await open(page);
  await type(page, "SET a 1");
  await type(page, "CONFIG SET appendfsync no");
  await type(page, "SET b 2");
  await expect(page.locator(".saved")).toContainText("in the page cache");
  await page.reload();
  await type(page, "MGET a b");
  await expect(log(page)).toContainText('1) "1"');
  await expect(log(page)).toContainText("2) (nil)");
  await type(page, "CONFIG SET appendfsync everysec");
  await type(page, "SET c 3");
  await expect(log(page).locator(".rep")).toHaveCount(4);
  await expect(page.locator(".saved")).not.toContainText("in the page cache", { timeout: 5000 });
  await type(page, "CONFIG SET appendonly no");
  await expect(page.locator(".saved")).toHaveText("not saved");
  await type(page, "SET d 4");
  await page.reload();
  await type(page, "EXISTS a c");
  await expect(log(page)).toContainText("(integer) 2");
  await type(page, "GET d");
  await expect(log(page)).toContainText("(nil)");
  await expect(page.locator(".notice")).toHaveCount(0);
});

test("without storage all works, and the page says that nothing is kept", async ({ page }) => {
  await page.context().route(/worker[^/]*\.js/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      body: `Object.defineProperty(self, "indexedDB", { value: null });\n${await response.text()}`,
    });
  });
  await open(page);
  await expect(page.locator(".saved")).toHaveText("not saved");
  await expect(page.locator(".notice")).toContainText("Not saved.");
  await type(page, "SET k v");
  await expect(log(page)).toContainText("OK");
  await noViolations(page);
});

test("storage that fills up later is told, and what was acknowledged stays", async ({ page }) => {
  await page.context().route(/worker[^/]*\.js/, async (route) => {
    const response = await route.fetch();
    const full = `let left = 4; const add = IDBObjectStore.prototype.add;
      IDBObjectStore.prototype.add = function (...args) { if (left-- <= 0) throw new DOMException("no room", "QuotaExceededError"); return add.apply(this, args); };`;
    await route.fulfill({ response, body: `${full}\n${await response.text()}` });
  });
  await open(page);
  for (const line of ["SET a 1", "SET b 2"]) await type(page, line);
  await expect(log(page).locator(".rep")).toHaveText(["OK", "OK"]);
  await type(page, "SET c 3");
  await expect(log(page)).toContainText("Server closed the connection");
  await expect(page.locator(".saved")).toHaveText("disk full");
  await expect(page.locator(".notice")).toContainText("The browser's storage is full.");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download as AOF" }).click();
  const kept = readFileSync(await (await download).path(), "latin1");
  expect(["a", "b", "c"].filter((key) => kept.includes(`\r\n${key}\r\n`))).toEqual(["a", "b"]);
});

test("a second tab works on a copy and takes over when the first closes", async ({ context }) => {
  const first = await context.newPage();
  await open(first);
  await type(first, "SET who first");
  await expect(log(first)).toContainText("OK");
  const second = await context.newPage();
  await open(second);
  await expect(second.locator(".saved")).toHaveText("not saved");
  await type(second, "GET who");
  await expect(log(second)).toContainText('"first"');
  await type(second, "SET who second");
  await type(first, "GET who");
  await expect(log(first)).toContainText('"first"');
  await first.close();
  await second.getByRole("button", { name: "Take over" }).click();
  await expect(second.locator(".saved")).toContainText("saved");
  await expect(second.locator(".notice")).toHaveCount(0);
  await type(second, "GET who");
  await expect(log(second).locator(".rep").last()).toHaveText('"first"');
  await type(second, "SET who again");
  await second.reload();
  await type(second, "GET who");
  await expect(log(second)).toContainText('"again"');
});

test("data goes out as a file and comes back", async ({ page }) => {
  await open(page);
  await type(page, "SET kept yes");
  await expect(log(page)).toContainText("OK");
  await page.getByRole("button", { name: "Data" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download as AOF" }).click();
  const path = await (await download).path();
  expect(readFileSync(path, "latin1")).toContain("kept");
  await page.getByRole("button", { name: "Empty the sandbox" }).click();
  await page.getByRole("button", { name: "Delete everything" }).click();
  await type(page, "GET kept");
  await expect(log(page)).toContainText("(nil)");
  await page.getByRole("button", { name: "Data" }).click();
  await page.setInputFiles("input[type=file]", path);
  await type(page, "GET kept");
  await expect(log(page)).toContainText('"yes"');
});

test("100,000 lines stay smooth", async ({ page }) => {
  await open(page);
  await type(page, "PING");
  const result = await page.evaluate(async () => {
    const log = /** @type {any} */ (document.querySelector("redlab-terminal")).logView;
    const start = performance.now();
    for (let i = 0; i < 100; i++)
      log.add(Array.from({ length: 1000 }, (_, k) => ({ cls: "rep", text: `${k + 1}) "value ${i * 1000 + k}"` })));
    const add_ms = performance.now() - start;
    const frame = () => new Promise((r) => requestAnimationFrame(r));
    await frame();
    /** @type {number[]} */
    const frames = [];
    for (let i = 0; i < 40; i++) {
      log.el.scrollTop = (log.el.scrollHeight * ((i * 7) % 40)) / 40;
      const t = performance.now();
      await frame();
      void log.el.scrollHeight;
      frames.push(performance.now() - t);
    }
    frames.sort((a, b) => a - b);
    return { add_ms, p95_ms: frames[37], nodes: document.querySelectorAll("*").length };
  });
  console.log(
    `100,000 lines: ${result.add_ms.toFixed(0)} ms to add, 95th percentile of a frame while jumping ${result.p95_ms.toFixed(1)} ms, ${result.nodes} elements`,
  );
  expect(result.nodes).toBeLessThan(6000);
  await type(page, "PING");
  await expect(log(page).locator(".rep").last()).toHaveText("PONG");
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1440, 1024, 320]) {
    test(`axe finds nothing: ${scheme}, ${width} px`, async ({ page }) => {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await open(page);
      await noViolations(page);
      await type(page, "SET k v");
      await type(page, "NOSUCH");
      await type(page, "HELP @string");
      await page.getByRole("button", { name: "Data" }).click();
      await noViolations(page);
      // Nothing sticks out sideways.
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    });
  }
}

test("on a phone the panes are tabs and the timeline stays", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page);
  await expect(page.locator("#tabs button")).not.toHaveCount(0);
  await expect(page.locator(".time .clock")).toBeVisible();
  await page.locator("#tabs").getByRole("button", { name: "Start" }).click();
  await expect(page.locator(input)).toBeHidden();
  await expect(page.locator(".time .clock")).toBeVisible();
  await page.getByRole("button", { name: "INCR visits" }).click();
  await expect(page.locator(input)).toHaveValue("INCR visits");
  await expect(page.locator(input)).toBeFocused();
});

test("panes close, come back, and fill the window", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Close Start" }).click();
  await expect(page.getByRole("button", { name: "Open Start again" })).toBeFocused();
  await page.getByRole("button", { name: "Open Start again" }).click();
  await expect(page.locator(".start")).toBeVisible();
  await page.getByRole("button", { name: "Fill the window with n1" }).click();
  await expect(page.locator(".start")).toBeHidden();
  await page.getByRole("button", { name: "Fill the window with n1" }).click();
  await expect(page.locator(".start")).toBeVisible();
});

test("the theme is kept", async ({ page }) => {
  await open(page);
  await page.selectOption("#theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("a connection that another one kills says so, and the next command opens a new one", async ({ page }) => {
  await open(page);
  await type(page, "SELECT 2");
  await page.getByRole("button", { name: "Open another session" }).click();
  const second = page.locator("redlab-terminal").nth(1);
  await second.locator("input").fill("CLIENT KILL TYPE normal");
  await second.locator("input").press("Enter");
  await expect(log(page)).toContainText("Server closed the connection");
  await expect(page.locator(".ask .ps").first()).toHaveText("not connected>");
  await page.locator(input).first().fill("PING");
  await page.locator(input).first().press("Enter");
  await expect(log(page)).toContainText("PONG");
  await expect(page.locator(".ask .ps").first()).toHaveText("n1:6379>");
});

test("a command that takes its time can be stopped", async ({ page }) => {
  await open(page);
  await type(page, "DEBUG SLEEP 30");
  await page.getByRole("button", { name: "Stop Ctrl-C" }).click();
  await expect(log(page)).toContainText("^C");
  await expect(page.getByRole("button", { name: "Stop Ctrl-C" })).toBeHidden();
  // Nobody waits any more, but the server sleeps on: this can be ended too.
  await expect(log(page)).toContainText(/does nothing for another (29|30) s/);
  await page.getByRole("button", { name: "Restart the server" }).click();
  await type(page, "PING");
  await expect(log(page)).toContainText("PONG");
});

test("keys that are not written to the log are told to be so", async ({ page }) => {
  await open(page);
  await type(page, "DEBUG POPULATE 10");
  await expect(log(page)).toContainText("a restart or a reload forgets them");
});

test("the log stays at its end, however the replies come", async ({ page }) => {
  await page.setViewportSize({ width: 844, height: 390 });
  await open(page);
  const end = () => log(page).evaluate((el) => Math.abs(el.scrollHeight - el.scrollTop - el.clientHeight) < 24);
  for (let i = 0; i < 12; i++) await type(page, "ECHO more");
  // A reply that comes frames after its command was shown.
  await type(page, "DEBUG SLEEP 0.2");
  await type(page, "CONFIG GET *list*");
  await expect(log(page)).toContainText("zset-max-listpack-value");
  await expect.poll(end).toBe(true);
  // Who scrolls back stays there.
  await log(page).evaluate((el) => (el.scrollTop = 0));
  await page.waitForTimeout(100);
  expect(await end()).toBe(false);
});

test("a line of a megabyte runs without holding the page up", async ({ page }) => {
  await open(page);
  await type(page, `SET big ${"x".repeat(1_000_000)}`);
  await expect(log(page)).toContainText("OK");
  await expect(log(page).locator(".cmd").first()).toContainText("more characters");
  await type(page, "STRLEN big");
  await expect(log(page)).toContainText("(integer) 1000000");
  await page.press(input, "ArrowUp");
  await page.press(input, "ArrowUp");
  await expect(page.locator(input)).toHaveValue("STRLEN big");
});

test("a server that ends itself is started again with its data", async ({ page }) => {
  await open(page);
  await type(page, "SET k v");
  await type(page, "SHUTDOWN");
  await expect(log(page)).toContainText("Error: Server closed the connection");
  await expect(log(page)).toContainText("The sandbox was restarted");
  await type(page, "GET k");
  await expect(log(page).locator(".rep").last()).toHaveText('"v"');
});

test("the reply comes before the word that the connection is gone", async ({ page }) => {
  await open(page);
  await type(page, "CLIENT KILL TYPE normal SKIPME no");
  await expect(log(page).locator(".rep")).toHaveText(["(integer) 1", "Error: Server closed the connection"]);
  await type(page, "PING");
  await expect(log(page).locator(".rep").last()).toHaveText("PONG");
});

test("HELP of nothing says so, and is spoken", async ({ page }) => {
  await open(page);
  const status = page.locator("redlab-terminal [role=status]");
  await type(page, "HELP zad");
  await expect(log(page)).toContainText("Did you mean HELP ZADD?");
  await type(page, "HELP GET");
  await expect(status).toContainText("GET key");
  await type(page, "XADDD");
  await type(page, "MIGRATE");
  await expect(status).toContainText("MIGRATE is a Redis command that redlab does not have yet.");
});

test("opens without a network after the first visit", async ({ page, context }) => {
  await open(page);
  await type(page, "SET k v");
  await expect(log(page)).toContainText("OK");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await context.setOffline(true);
  await page.reload();
  await type(page, "GET k");
  await expect(log(page)).toContainText('"v"');
  await context.setOffline(false);
});

/** What a broken browser profile may hold. @param {import("@playwright/test").Page} page @param {string} script */
async function spoil(page, script) {
  await page.goto("./sw.js"); // of our origin, and without a worker of its own
  await page.evaluate(script);
  await open(page);
}

test("a stored database of another shape is left alone, and the lab works", async ({ page }) => {
  await spoil(
    page,
    `new Promise((done) => {
      const r = indexedDB.open("redlab", 1);
      r.onupgradeneeded = () => r.result.createObjectStore("other");
      r.onsuccess = () => (r.result.close(), done());
    })`,
  );
  await expect(page.locator(".notice")).toContainText("Not saved.");
  await type(page, "SET k v");
  await expect(log(page)).toContainText("OK");
});

test("stored nonsense beside the log does not stop the lab", async ({ page }) => {
  await open(page);
  await type(page, "SET k v");
  await expect(log(page)).toContainText("OK");
  await spoil(
    page,
    `new Promise((done) => {
      const r = indexedDB.open("redlab");
      r.onsuccess = () => {
        const tx = r.result.transaction(["settings", "meta"], "readwrite");
        tx.objectStore("settings").put(42, "history:sandbox");
        tx.objectStore("meta").put({ clock_ms: "later", seed: "x" }, "sandbox");
        tx.oncomplete = () => (r.result.close(), done());
      };
    })`,
  );
  await type(page, "GET k");
  await expect(log(page)).toContainText('"v"');
});
