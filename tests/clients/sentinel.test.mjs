// Programs that we did not write find redlab's servers by sentinels, and follow them when the primary is killed.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import Redis from "ioredis";
import { tools } from "../../scripts/tools.mjs";
import { NAME, ask, eventually, startFleet } from "./fleet.mjs";
import { redisPy } from "./redis-py.mjs";

const { oracle } = tools();
const root = new URL("../..", import.meta.url).pathname;
const program = process.env.REDLAB_SERVER ?? `${root}target/debug/redlab-server`;
if (!process.env.REDLAB_SERVER) {
  const args = ["build", "--quiet", "--features", "server", "--bin", "redlab-server"];
  const { status } = spawnSync("cargo", args, { cwd: root, stdio: "inherit" });
  assert.equal(status, 0, "redlab-server does not build");
}

/** The client's own view of a failover: what it was connected to before and after. @param {Fleet} fleet */
const ioredis = (fleet) => {
  const sentinels = fleet.sentinels.map(({ port }) => ({ host: "127.0.0.1", port }));
  const retry = { sentinelRetryStrategy: () => 100, retryStrategy: () => 100, maxRetriesPerRequest: null };
  const common = { sentinels, name: NAME, failoverDetector: true, ...retry };
  const primary = new Redis(common);
  const replica = new Redis({ ...common, role: "slave" });
  // That nobody is there for a while is what this is about; what must work is awaited.
  for (const redis of [primary, replica]) redis.on("error", () => {});
  const port = async (/** @type {Redis} */ redis) => Number(/tcp_port:(\d+)/.exec(await redis.info("server"))?.[1]);
  const stop = () => [primary, replica].forEach((redis) => redis.disconnect());
  return { primary, replica, port, stop };
};

/** redis-py in a process of its own, which says a line when it has come so far. @param {Fleet} fleet */
const python = (fleet) => {
  const { python, folder, reason } = redisPy();
  if (!folder) return { reason };
  const script = `${root}tests/clients/sentinel.py`;
  const child = spawn(python, [script, NAME, ...fleet.sentinels.map(({ port }) => String(port))], {
    env: { ...process.env, PYTHONPATH: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(() => child.kill());
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, "close").then(() => ["nothing more"]);
  const next = async () => (await Promise.race([once(lines, "line"), ended]))[0];
  return { next };
};

/** @typedef {Awaited<ReturnType<typeof startFleet>>} Fleet */

/** @param {import("node:test").TestContext} t @param {string} sentinel */
const follow = async (t, sentinel) => {
  const fleet = await startFleet({ node: program, sentinel });
  const js = ioredis(fleet);
  try {
    const old = fleet.nodes[0];
    const py = python(fleet);
    if (!py.next) t.diagnostic(`without redis-py: ${py.reason}`);
    const started = py.next?.();
    await js.primary.set("before", "1");
    assert.equal(await js.port(js.primary), old.port);
    assert.notEqual(await js.port(js.replica), old.port);
    if (started) assert.equal(await started, `writes to ${old.port}`);
    const followed = py.next?.();
    old.kill();
    // A request that is on its way when the client changes over fails, and is made again.
    await eventually("a primary takes it", () => js.primary.set("after", "2"));
    const now = await eventually("who it is", () => js.port(js.primary));
    for (const { port } of fleet.sentinels)
      await eventually("all sentinels name it", async () =>
        assert.deepEqual(await ask(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME), ["127.0.0.1", String(now)]),
      );
    assert.notEqual(now, old.port);
    if (followed) assert.equal(await followed, `writes to ${now}`);
    await eventually("the replica has it", async () => assert.equal(await js.replica.get("after"), "2"));
    assert.equal(await eventually("what was there before", () => js.primary.get("before")), "1");
  } catch (e) {
    t.diagnostic(fleet.logs());
    throw e;
  } finally {
    js.stop();
    fleet.stop();
  }
};

test("clients follow real sentinels", { skip: !oracle && "no real server on this machine" }, (t) =>
  follow(t, /** @type {string} */ (oracle)),
);

test("clients follow redlab's sentinels", (t) => follow(t, program));
