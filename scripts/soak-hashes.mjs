// The same worlds natively, in Node and in browsers: the same hashes at every checkpoint. What was found is written to
// docs/soak/hashes.json.  node scripts/soak-hashes.mjs [--worlds 45]
// Firefox and WebKit play the first worlds, as many as have a thousand checkpoints.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createServer } from "vite";
import { tools } from "./tools.mjs";

/** Checkpoints that a browser of the second row plays at least. */
const SOME = 1000;
/** A browser that says nothing for so long is given up, in ms. */
const PATIENCE_MS = 20 * 60_000;

const { values } = parseArgs({ options: { worlds: { type: "string", default: "45" } } });
const root = new URL("..", import.meta.url).pathname;
const have = tools();

const env = { ...process.env, REDLAB_KEPT: values.worlds };
const native = spawnSync("cargo", ["test", "--quiet", "--release", "--test", "worlds", "recorded"], {
  cwd: root,
  env,
  stdio: "inherit",
});
if (native.status !== 0) process.exit(1);
const recorded = JSON.parse(
  readFileSync(join(root, process.env.CARGO_TARGET_DIR ?? "target", "tmp/worlds.json"), "utf8"),
);

/** The first worlds, as many as have so many checkpoints. @param {number} most */
function beginning(most) {
  let checkpoints = 0;
  const worlds = [];
  for (const world of recorded.worlds) {
    if (checkpoints >= most) break;
    worlds.push(world);
    checkpoints += world.states.length;
  }
  return { ...recorded, worlds };
}

/** What the browser that is at work plays. */
let asked = recorded;
/** @type {(found: any) => void} */
let tell = () => {};
const server = await createServer({
  root,
  configFile: false,
  logLevel: "error",
  server: { port: 0, host: "127.0.0.1", hmr: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
server.middlewares.use("/recorded", (_, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(asked));
});
server.middlewares.use("/found", (request, response) => {
  let text = "";
  request.on("data", (bytes) => (text += bytes));
  request.on("end", () => {
    response.end();
    tell(JSON.parse(text));
  });
});
// Vite's own ways come first otherwise, and answer everything.
server.middlewares.stack.unshift(...server.middlewares.stack.splice(-2));
await server.listen();
const { port } = /** @type {import("node:net").AddressInfo} */ (server.httpServer?.address());
const url = `http://127.0.0.1:${port}/tests/hashes/index.html`;

/** @param {string} program @param {string[]} args @param {number} most */
async function inBrowser(program, args, most) {
  asked = beginning(most);
  const folder = mkdtempSync(join(tmpdir(), "redlab-hashes-"));
  const words = args.map((arg) => arg.replace("FOLDER", folder));
  const child = spawn(program, [...words, url], {
    stdio: "ignore",
    detached: true,
    env: { ...process.env, HOME: folder },
  });
  const found = await new Promise((resolve) => {
    tell = resolve;
    child.on("error", (e) => resolve({ error: String(e) }));
    setTimeout(() => resolve({ error: "it said nothing" }), PATIENCE_MS).unref();
  });
  try {
    if (child.pid) process.kill(-child.pid);
  } catch {
    // It has ended by itself.
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return found;
}

/** @type {Record<string, any>} */
const results = { native: { checkpoints: beginning(Infinity).worlds.flatMap((w) => w.states).length } };
results.node = JSON.parse(
  spawnSync(process.execPath, ["tests/hashes/node.mjs", JSON.stringify(process.env.CARGO_TARGET_DIR ?? "target")], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  }).stdout || '{"error":"it said nothing"}',
);
console.log("node", results.node);

const chromium = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
/** @type {[string, string | undefined, string[], number][]} */
const browsers = [
  ["chromium", have.chromium, [...chromium, "--disable-background-networking", "--user-data-dir=FOLDER"], Infinity],
  ["firefox", have.firefox, ["--headless", "--no-remote", "--profile", "FOLDER"], SOME],
  ["webkit", have.webkit && have.xvfb, ["-a", have.webkit ?? ""], SOME],
];
for (const [name, program, args, most] of browsers) {
  results[name] = program ? await inBrowser(program, args, most) : { skipped: "not on this machine" };
  console.log(name, results[name]);
}
await server.close();
const { every, worlds } = recorded;
const text = JSON.stringify({ every_events: every, worlds: worlds.length, ...results }, null, 2);
writeFileSync(join(root, "docs/soak/hashes.json"), `${text}\n`);
const failed = Object.values(results).some((r) => r.error || r.wrong?.length);
process.exit(failed ? 1 : 0);
