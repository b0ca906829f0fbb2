// ioredis and node-redis, each through the whole command surface (features.mjs).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, test } from "node:test";
import Redis from "ioredis";
import { createClient } from "redis";
import { startServer } from "../../bench/lib.mjs";
import * as features from "./features.mjs";

const root = new URL("../..", import.meta.url).pathname;
const program = process.env.REDLAB_SERVER ?? `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/debug/redlab-server`;
if (!process.env.REDLAB_SERVER) {
  const args = ["build", "--quiet", "--features", "server", "--bin", "redlab-server"];
  const { status } = spawnSync("cargo", args, { cwd: root, stdio: "inherit" });
  assert.equal(status, 0, "redlab-server does not build");
}
const server = await startServer(program, ["--enable-debug-command", "yes"]);
after(() => server.stop());

/** Messages as they come, to be asked for one by one. */
const queue = () => {
  /** @type {string[]} */
  const come = [];
  /** @type {((message: string) => void)[]} */
  const asked = [];
  return {
    put: (/** @type {string} */ message) => {
      const ask = asked.shift();
      if (ask) ask(message);
      else come.push(message);
    },
    /** @returns {Promise<string>} */
    next: () => {
      const message = come.shift();
      return message === undefined ? new Promise((resolve) => asked.push(resolve)) : Promise.resolve(message);
    },
  };
};

/** The lines of MONITOR up to one that has a word. @param {{next: () => Promise<string>}} lines */
const until = (lines) => async (/** @type {string} */ word) => {
  for (;;) {
    const line = await lines.next();
    if (line.includes(word)) return line;
  }
};

/** @returns {{adapter: import("./features.mjs").Adapter, stop: () => Promise<void>}} */
const ioredis = () => {
  const open = () => new Redis({ port: server.port });
  const [main, second] = [open(), open()];
  const words = (/** @type {(string | number)[]} */ args) => /** @type {[string, ...string[]]} */ (args.map(String));
  return {
    adapter: {
      call: (...args) => main.call(...words(args)),
      other: (...args) => second.call(...words(args)),
      transaction: async (commands, watch, between) => {
        if (watch) await main.watch(watch);
        await between?.();
        const multi = main.multi();
        for (const command of commands) multi.call(...words(command));
        const replies = await multi.exec();
        return replies && replies.map(([error, reply]) => error ?? reply);
      },
      subscribe: async (kind, channel) => {
        const [client, messages] = [open(), queue()];
        const [event, join] = /** @type {const} */ ({
          plain: ["message", () => client.subscribe(channel)],
          pattern: ["pmessage", () => client.psubscribe(channel)],
          shard: ["smessage", () => client.ssubscribe(channel)],
        })[kind];
        client.on(event, (...parts) => messages.put(parts.slice(-2).join(" ")));
        await join();
        return { next: messages.next, stop: async () => void (await client.quit()) };
      },
      monitor: async () => {
        const [monitor, lines] = [await main.monitor(), queue()];
        monitor.on("monitor", (_, args) => lines.put(args.join(" ")));
        return { until: until(lines), stop: () => monitor.disconnect() };
      },
    },
    stop: async () => {
      main.disconnect();
      second.disconnect();
    },
  };
};

/** @param {2 | 3} RESP @returns {Promise<{adapter: import("./features.mjs").Adapter, stop: () => Promise<void>}>} */
const nodeRedis = async (RESP) => {
  const open = async () => {
    const client = createClient({ socket: { port: server.port, host: "127.0.0.1" }, RESP });
    client.on("error", () => {}); // a connection that the server closes ends what waits for it
    await client.connect();
    return client;
  };
  const [main, second] = [await open(), await open()];
  const words = (/** @type {(string | number)[]} */ args) => args.map(String);
  return {
    adapter: {
      call: (...args) => main.sendCommand(words(args)),
      other: (...args) => second.sendCommand(words(args)),
      transaction: async (commands, watch, between) => {
        if (watch) await main.watch(watch);
        await between?.();
        const multi = main.multi();
        for (const command of commands) multi.addCommand(words(command));
        try {
          return await multi.exec();
        } catch (error) {
          if (/** @type {Error} */ (error).message.includes("watched keys")) return null;
          throw error;
        }
      },
      subscribe: async (kind, channel) => {
        const [client, messages] = [await open(), queue()];
        const join = { plain: "subscribe", pattern: "pSubscribe", shard: "sSubscribe" }[kind];
        await /** @type {any} */ (client)[join](channel, (/** @type {string} */ message, /** @type {string} */ from) =>
          messages.put(`${from} ${message}`),
        );
        return { next: messages.next, stop: () => client.close() };
      },
      monitor: async () => {
        const [client, lines] = [await open(), queue()];
        await client.monitor((line) => lines.put(String(line)));
        return { until: until(lines), stop: () => client.destroy() };
      },
    },
    stop: async () => {
      main.destroy();
      second.destroy();
    },
  };
};

const clients = { ioredis: async () => ioredis(), "node-redis, RESP2": () => nodeRedis(2) };
for (const [name, open] of Object.entries(clients)) {
  test(name, async (t) => {
    const { adapter, stop } = await open();
    try {
      await adapter.call("FLUSHALL");
      for (const [feature, session] of Object.entries(features))
        await t.test(feature, { timeout: 20_000 }, () => session(adapter));
    } finally {
      await stop();
    }
  });
}

test("node-redis keeps a cache that the server keeps true", async () => {
  const { adapter, stop } = await nodeRedis(3);
  const cached = createClient({
    socket: { port: server.port, host: "127.0.0.1" },
    RESP: 3,
    clientSideCache: { ttl: 0, maxEntries: 0 },
  });
  try {
    await cached.connect();
    await adapter.call("SET", "config", "one");
    assert.equal(await cached.get("config"), "one");
    await adapter.call("SET", "config", "two");
    for (let i = 0; (await cached.get("config")) !== "two"; i++) {
      assert.ok(i < 500, "the invalidation never came");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.match(String(await adapter.call("CLIENT", "LIST")), /flags=t/);
  } finally {
    cached.destroy();
    await stop();
  }
});
