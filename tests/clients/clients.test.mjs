// Programs that we did not write, against the native server: ioredis, redis-py, the real server's cli and benchmark.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, test } from "node:test";
import Redis from "ioredis";
import { startServer } from "../../bench/lib.mjs";
import { tools } from "../../scripts/tools.mjs";
import { redisPy } from "./redis-py.mjs";

const { cli, benchmark } = tools();
const root = new URL("../..", import.meta.url).pathname;

const program = process.env.REDLAB_SERVER ?? `${root}target/debug/redlab-server`;
if (!process.env.REDLAB_SERVER) {
  const args = ["build", "--quiet", "--features", "server", "--bin", "redlab-server"];
  const { status } = spawnSync("cargo", args, { cwd: root, stdio: "inherit" });
  assert.equal(status, 0, "redlab-server does not build");
}
const server = await startServer(program);
after(() => server.stop());

/** @param {string} cmd @param {string[]} args @param {{input?: string, env?: Record<string, string>}} options */
const run = (cmd, args, { input, env = {} } = {}) => {
  const { status, stdout, stderr } = spawnSync(cmd, args, {
    encoding: "utf8",
    input,
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
  assert.equal(status, 0, `${cmd} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
};

test("ioredis", async () => {
  const redis = new Redis({ port: server.port, connectionName: "session" });
  try {
    await redis.flushall();
    assert.equal(await redis.set("greeting", "hello", "EX", 100), "OK");
    assert.equal(await redis.get("greeting"), "hello");
    assert.equal(await redis.hset("user", { name: "Ada", age: 36 }), 2);
    assert.deepEqual(await redis.hgetall("user"), { name: "Ada", age: "36" });
    assert.equal(await redis.zadd("board", 10, "ann", 20.5, "bob"), 2);
    assert.deepEqual(await redis.zrange("board", 0, -1, "WITHSCORES"), ["ann", "10", "bob", "20.5"]);
    assert.deepEqual(await redis.getBuffer("greeting"), Buffer.from("hello"));
    await assert.rejects(
      redis.lpush("greeting", "x"),
      /WRONGTYPE Operation against a key holding the wrong kind of value/,
    );
    const pipeline = redis.pipeline();
    for (let i = 0; i < 1000; i++) pipeline.set(`key:${i}`, i);
    const replies = await pipeline.get("key:999").exec();
    assert.deepEqual(replies?.at(-1), [null, "999"]);
    const found = new Set();
    for await (const keys of redis.scanStream({ match: "key:*", count: 100 })) for (const key of keys) found.add(key);
    assert.equal(found.size, 1000);
    assert.equal(await redis.client("GETNAME"), "session");
  } finally {
    redis.disconnect();
  }
});

test("redis-py", (t) => {
  const { python, folder, reason } = redisPy();
  if (!folder) return t.skip(reason);
  run(python, [`${root}tests/clients/session.py`, String(server.port)], { env: { PYTHONPATH: folder } });
});

test("the real server's cli", { skip: !cli && "no valkey-cli on this machine" }, () => {
  const ask = (/** @type {string[]} */ args, input = "") =>
    run(/** @type {string} */ (cli), ["-p", String(server.port), ...args], { input });
  assert.equal(ask(["FLUSHALL"]), "OK\n");
  assert.equal(ask(["SET", "k", "v"]), "OK\n");
  assert.equal(ask(["-3", "--no-raw", "GET", "k"]), '"v"\n');
  assert.equal(ask(["--no-raw"], "INCR n\nINCR n\nGET n\n"), '(integer) 1\n(integer) 2\n"2"\n');
  assert.equal(ask(["-x", "SET", "stdin"], "from stdin"), "OK\n");
  assert.deepEqual(ask(["--scan", "--pattern", "*"]).trim().split("\n").sort(), ["k", "n", "stdin"]);
  assert.match(ask(["--bigkeys"]), /Biggest string found '?"?stdin/);
  assert.match(ask(["--memkeys"]), /Sampled 3 keys/);
  assert.match(ask(["--pipe"], "SET p 1\r\nSET q 2\r\n"), /errors: 0, replies: 2/);
  assert.match(ask(["INFO", "server"]), /redis_version:7\.2\.4/);
  assert.match(ask(["COMMAND", "DOCS", "GET"]), /summary/);
  assert.match(ask(["-r", "3", "-i", "0", "PING"]), /^(PONG\n){3}$/);
});

test("the real server's benchmark", { skip: !benchmark && "no valkey-benchmark on this machine" }, () => {
  const port = String(server.port);
  for (const pipeline of ["1", "50"]) {
    const what = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset";
    const out = run(/** @type {string} */ (benchmark), [
      "-p",
      port,
      "-n",
      "2000",
      "-P",
      pipeline,
      "-r",
      "100",
      "-t",
      what,
      "--csv",
    ]);
    assert.ok(!/error/i.test(out), out);
    assert.ok(out.split("\n").length > 15, out);
  }
});
