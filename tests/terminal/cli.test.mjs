// What the terminal knows of its connection, without a browser: prompts, transactions, pushes, lost connections.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cli } from "../../www/terminal/cli.js";
import { Docs } from "../../www/terminal/docs.js";
import { explain } from "../../www/terminal/explain.js";
import { help } from "../../www/terminal/help.js";
import { History } from "../../www/terminal/history.js";

const bytes = (s) => new TextEncoder().encode(s);

/** A connection that answers what it is told to. */
class FakeSession extends EventTarget {
  answers = [];
  reconnects = 0;
  async exec() {
    const { out = "", closed = false } = this.answers.shift() ?? {};
    return { out: bytes(out), closed, now_ms: 0, cost_us: 0 };
  }
  async reconnect() {
    this.reconnects++;
  }
  output(out, closed = false) {
    this.dispatchEvent(new CustomEvent("output", { detail: { out: bytes(out), closed, now_ms: 0 } }));
  }
}

const start = () => {
  const session = new FakeSession();
  const pushed = [];
  let lost = 0;
  const cli = new Cli(session, { host: "n1", port: 6379, push: (r) => pushed.push(r), lost: () => lost++ });
  /** @param {string} line @param {string} out */
  const send = (line, out, closed = false) => {
    session.answers.push({ out, closed });
    return cli.send(line.split(" ").map(bytes));
  };
  return { session, cli, pushed, send, lost: () => lost };
};

test("the prompt follows SELECT, MULTI, EXEC, DISCARD, RESET and HELLO as redis-cli's does", async () => {
  const { cli, send } = start();
  const steps = [
    ["SELECT 1", "+OK\r\n", "n1:6379[1]> "],
    ["SELECT 99", "-ERR DB index is out of range\r\n", "n1:6379[1]> "],
    ["MULTI", "+OK\r\n", "n1:6379[1](TX)> "],
    ["SELECT 2", "+QUEUED\r\n", "n1:6379[2](TX)> "],
    ["DISCARD", "+OK\r\n", "n1:6379[1]> "],
    ["MULTI", "+OK\r\n", "n1:6379[1](TX)> "],
    ["SELECT 3", "+QUEUED\r\n", "n1:6379[3](TX)> "],
    ["EXEC", "*1\r\n+OK\r\n", "n1:6379[3]> "],
    ["MULTI", "+OK\r\n", "n1:6379[3](TX)> "],
    ["SELECT 4", "+QUEUED\r\n", "n1:6379[4](TX)> "],
    ["EXEC", "-EXECABORT Transaction discarded because of previous errors.\r\n", "n1:6379[3]> "],
    ["HELLO 3", "%0\r\n", "n1:6379[3]> "],
    ["RESET", "+RESET\r\n", "n1:6379> "],
  ];
  for (const [line, out, prompt] of steps) {
    await send(line, out);
    assert.equal(cli.prompt, prompt, line);
  }
  assert.equal(cli.resp, 2);
});

test("a reply may come later, and in pieces", async () => {
  const { session, send } = start();
  const answer = send("BLPOP l 0", "");
  await Promise.resolve();
  session.output("*2\r\n$1\r\nl\r\n$");
  session.output("1\r\nx\r\n");
  assert.equal((await answer).reply.items.length, 2);
});

test("what nobody asked for is pushed; a subscription's push is its reply", async () => {
  const { pushed, send } = start();
  await send("GET k", ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n$1\r\nv\r\n");
  assert.equal(pushed.length, 1);
  const { reply } = await send("SUBSCRIBE c", ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  assert.equal(reply.type, "push");
});

const message = (kind, ...words) =>
  `${kind}${words.length}\r\n${words.map((w) => (typeof w === "number" ? `:${w}\r\n` : `$${w.length}\r\n${w}\r\n`)).join("")}`;

for (const [kind, name] of [
  ["*", "RESP2"],
  [">", "RESP3"],
])
  test(`a subscriber in ${name} is told of messages, before, between and after its own answers`, async () => {
    const { session, cli, pushed, send } = start();
    const first = (r) => new TextDecoder().decode(r.items[0].bytes);
    const answers = message(kind, "subscribe", "a", 1) + message(kind, "subscribe", "b", 2);
    const { reply, more } = await send("SUBSCRIBE a b", answers + message(kind, "message", "a", "hi"));
    assert.deepEqual([reply, ...more].map(first), ["subscribe", "subscribe", "message"]);
    assert.equal(cli.prompt, "n1:6379(subscribed mode)> ");
    assert.equal(cli.listens, true);
    session.output(message(kind, "pmessage", "p*", "pa", "hi"));
    assert.deepEqual(pushed.map(first), ["pmessage"]);
    const ping = kind === "*" ? message("*", "pong", "") : "+PONG\r\n";
    const pong = await send("PING", message(kind, "message", "b", "x") + ping);
    assert.deepEqual(pushed.map(first), ["pmessage", "message"]);
    assert.equal(pong.reply.type, kind === "*" ? "array" : "status");
    await send("SSUBSCRIBE s", message(kind, "ssubscribe", "s", 1));
    await send("UNSUBSCRIBE", message(kind, "unsubscribe", "a", 1) + message(kind, "unsubscribe", "b", 0));
    assert.equal(cli.listens, true);
    await send("SUNSUBSCRIBE", message(kind, "sunsubscribe", "s", 0));
    assert.equal(cli.prompt, "n1:6379> ");
    assert.equal(cli.listens, false);
  });

test("a monitor's lines are no replies", async () => {
  const { session, cli, pushed, send } = start();
  await send("MONITOR", "+OK\r\n");
  assert.equal(cli.listens, true);
  const line = '+1700000000.000042 [0 127.0.0.1:5] "get" "k"\r\n';
  session.output(line);
  const { reply, more } = await send("PING", `${line}+PONG\r\n${line}`);
  assert.equal(new TextDecoder().decode(reply.bytes), "PONG");
  assert.equal(more.length, 1);
  assert.equal(pushed.length, 2);
  await send("RESET", "+RESET\r\n");
  assert.equal(cli.listens, false);
});

test("CLIENT REPLY OFF and SKIP wait for nothing", async () => {
  const { send } = start();
  assert.equal((await send("CLIENT REPLY OFF", "")).reply, null);
  assert.equal((await send("SET a 1", "")).reply, null);
  assert.equal((await send("CLIENT REPLY ON", "+OK\r\n")).reply.type, "status");
  assert.equal((await send("CLIENT REPLY SKIP", "")).reply, null);
  assert.equal((await send("SET a 1", "")).reply, null);
  assert.equal((await send("GET a", "$1\r\n1\r\n")).reply.type, "string");
});

test("a closed connection is told, and the next command opens a new one", async () => {
  const { session, cli, send, lost } = start();
  await send("SELECT 5", "+OK\r\n");
  session.output("", true);
  assert.equal(lost(), 1);
  assert.equal(cli.prompt, "not connected> ");
  await send("PING", "+PONG\r\n");
  assert.equal(session.reconnects, 1);
  assert.equal(cli.prompt, "n1:6379> ");
});

test("explanations name what helps", () => {
  const docs = new Docs({
    get: { arguments: [{ name: "key", type: "key" }] },
    mget: {},
    getset: {},
    config: { subcommands: { "config|get": {} } },
  });
  assert.match(explain("ERR unknown command 'gte', with args beginning with: ", ["gte"], docs), /GET/);
  assert.match(explain("ERR unknown command 'gett', with args beginning with: ", ["gett"], docs), /GET/);
  assert.match(explain("ERR unknown subcommand 'gat'. Try CONFIG HELP.", ["config", "gat"], docs), /CONFIG GET/);
  assert.match(explain("ERR wrong number of arguments for 'get' command", ["get"], docs), /GET key/);
  assert.match(explain("ERR unknown command 'xyzzy', with args beginning with: ", ["xyzzy"], docs), /HELP/);
  assert.equal(explain("MYERR whatever", ["x"], docs), "");
});

test("HELP prints a command, its subcommands, a group", () => {
  const docs = new Docs({
    config: {
      summary: "s",
      since: "2.0.0",
      group: "server",
      subcommands: {
        "config|get": {
          summary: "g",
          since: "2.0.0",
          group: "server",
          arguments: [{ name: "parameter", type: "string", flags: ["multiple"] }],
        },
      },
    },
  });
  const text = (topic) => help(docs, topic, "1").map((l) => l.map((s) => s.text).join(""));
  assert.deepEqual(text(["config", "get"]), [
    "",
    "  CONFIG GET parameter [parameter ...]",
    "  summary: g",
    "  since: 2.0.0",
    "  group: server",
    "",
  ]);
  assert.equal(text(["config"]).filter((l) => l.includes("summary")).length, 2);
  assert.equal(
    text(["@server"]).some((l) => l.includes("group")),
    false,
  );
  assert.deepEqual(text(["nope"]), [""]);
});

test("the history keeps no secrets and no repetitions", () => {
  let kept = [];
  const history = new History([], (lines) => (kept = lines));
  for (const line of ["GET a", "GET a", "AUTH secret", "ACL SETUSER bob >x", "HELLO 3 AUTH u p", "SET b 1"])
    history.add(line);
  assert.deepEqual(kept, ["GET a", "SET b 1"]);
  assert.equal(history.search("get"), 0);
  assert.equal(history.search("nope"), -1);
});
