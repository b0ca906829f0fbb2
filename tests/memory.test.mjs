// An instance never traps for want of memory: what does not fit is refused in the real server's words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Engine, encode } from "./support/engine.mjs";

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const MB = 1 << 20;
const HUGE = 512 * MB - 1;

/** A fresh engine with one connection. */
function start() {
  const engine = new Engine(1n, 0);
  const id = engine.connect();
  const bytes = (...args) => Buffer.from(engine.exec(id, encode(args)));
  const send = (...args) => bytes(...args).toString("latin1");
  return { engine, id, bytes, send, end: () => engine.free() };
}

test("DEBUG POPULATE without end", () => {
  const { send, end } = start();
  assert.equal(send("DEBUG", "POPULATE", "1000000000"), OOM);
  assert.equal(send("DEBUG", "POPULATE", "9223372036854775807", "k", "9223372036854775807"), OOM);
  assert.equal(send("DEBUG", "POPULATE", "1000", "k", "1000000"), "+OK\r\n");
  assert.equal(send("DBSIZE"), ":1000\r\n");
  end();
});

test("strings of half a gigabyte", () => {
  const { engine, id, bytes, send, end } = start();
  const replies = Array.from({ length: 20 }, (_, n) => send("SETRANGE", `k${n}`, String(HUGE), "x"));
  const kept = replies.filter((r) => r === `:${HUGE + 1}\r\n`).length;
  assert.ok(kept >= 2 && kept < 4, `${kept} were kept`);
  assert.deepEqual(replies.slice(kept), Array(20 - kept).fill(OOM));
  assert.equal(send("COPY", "k0", "copy"), OOM);
  assert.match(send("APPEND", "k0", "x"), /^-(ERR string exceeds|OOM)/);
  assert.match(send("LCS", "k0", "k1"), /^-ERR Insufficient memory/);
  // One fits into the output, two do not.
  const one = bytes("GET", "k0");
  assert.equal(one.length, HUGE + 1 + "$536870912\r\n\r\n".length);
  assert.equal(send("MGET", "k0", "k0", "k0"), "");
  assert.ok(engine.closed(id));
  const next = engine.connect();
  engine.exec(next, encode(["FLUSHALL"]));
  assert.equal(
    Buffer.from(engine.exec(next, encode(["SETRANGE", "k", String(HUGE), "x"]))).toString(),
    `:${HUGE + 1}\r\n`,
  );
  end();
});

test("replies and values that multiply", () => {
  const { engine, id, send, end } = start();
  send("SETRANGE", "big", String(100 * MB), "x");
  send("RPUSH", "l", ...Array(1000).fill("ig"));
  assert.equal(send("SORT", "l", "BY", "nosort", "GET", "b*", "STORE", "d"), OOM);
  assert.equal(send("SORT", "l", "BY", "b*", "ALPHA", "STORE", "d"), OOM);
  send("SADD", "s", ..."abc");
  assert.match(send("SRANDMEMBER", "s", "-1000000000"), /^-ERR/);
  send("ZADD", "z", "1", "a");
  assert.match(send("ZRANDMEMBER", "z", "-1000000000"), /^-ERR/);
  send("HSET", "h", "a", "b");
  assert.match(send("HRANDFIELD", "h", "-1000000000", "WITHVALUES"), /^-ERR/);
  // A pipeline whose replies nobody could hold ends the connection, and that alone.
  const pipeline = Buffer.concat(Array(1000).fill(encode(["GET", "big"])));
  assert.equal(engine.exec(id, pipeline).length, 0);
  assert.ok(engine.closed(id));
  const next = engine.connect();
  assert.equal(Buffer.from(engine.exec(next, encode(["PING"]))).toString(), "+PONG\r\n");
  assert.match(
    Buffer.from(engine.exec(next, encode(["INFO", "stats"]))).toString(),
    /client_output_buffer_limit_disconnections:1\r/,
  );
  end();
});

test("a command that never ends", () => {
  const { engine, id, end } = start();
  engine.exec(id, Buffer.from("*2\r\n$3\r\nGET\r\n$536870000\r\n"));
  const piece = new Uint8Array(64 * MB);
  for (let n = 0; n < 5; n++) assert.equal(engine.exec(id, piece).length, 0);
  assert.ok(!engine.closed(id));
  end();
});
