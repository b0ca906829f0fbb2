// A primary, two replicas and three sentinels as processes of their own, with files in a folder that goes with them.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import Redis from "ioredis";

/** What the sentinels call the primary. */
export const NAME = "main";
/** How long the servers may take to come to anything, in ms. */
const PATIENCE = 40_000;

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/** One command, one reply, one connection. @param {number} port @param {string[]} words */
export const ask = async (port, ...words) => {
  const redis = new Redis({ port, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
  redis.on("error", () => {}); // the caller hears of it by the promise
  try {
    await redis.connect();
    return await redis.call(words[0], ...words.slice(1));
  } finally {
    redis.disconnect();
  }
};

/** Tries until it works. @template T @param {string} what @param {() => Promise<T>} attempt @returns {Promise<T>} */
export const eventually = async (what, attempt) => {
  for (const start = Date.now(); ;) {
    try {
      return await attempt();
    } catch (e) {
      if (Date.now() - start > PATIENCE) throw new Error(`${what}: ${e}`);
      await sleep(50);
    }
  }
};

/** @param {boolean} so @param {string} what */
const need = (so, what) => {
  if (!so) throw new Error(what);
};

/** @param {{node: string, sentinel: string}} programs */
export const startFleet = async ({ node, sentinel }) => {
  const folder = mkdtempSync(`${tmpdir()}/redlab-fleet-`);
  /** @type {{name: string, port: number, kill: () => void}[]} */
  const all = [];
  const stop = () => {
    for (const one of all) one.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", stop);
  /** @param {string} name @param {string} program @param {string[]} args @param {string[]} lines */
  const start = async (name, program, args, lines) => {
    const port = await freePort();
    const place = `${folder}/${name}`;
    mkdirSync(place);
    writeFileSync(`${place}/conf`, [`port ${port}`, `dir ${place}`, `logfile ${place}/log`, ...lines, ""].join("\n"));
    const child = spawn(program, [`${place}/conf`, ...args], { stdio: "ignore" });
    all.push({ name, port, kill: () => child.kill("SIGKILL") });
    await eventually(`${name} answers`, () => ask(port, "PING"));
    return port;
  };
  const options = ['save ""', "repl-diskless-sync-delay 0"];
  const primary = await start("n1", node, [], options);
  for (const name of ["n2", "n3"]) await start(name, node, [], [...options, `replicaof 127.0.0.1 ${primary}`]);
  await eventually("the replicas follow", async () => {
    const info = String(await ask(primary, "INFO", "replication"));
    need(info.split("state=online").length === 3, info);
  });
  const monitor = [
    `sentinel monitor ${NAME} 127.0.0.1 ${primary} 2`,
    `sentinel down-after-milliseconds ${NAME} 1000`,
    `sentinel failover-timeout ${NAME} 4000`,
  ];
  for (const name of ["s1", "s2", "s3"]) await start(name, sentinel, ["--sentinel"], monitor);
  const [nodes, sentinels] = [all.slice(0, 3), all.slice(3)];
  for (const { name, port } of sentinels)
    await eventually(`${name} knows all others`, async () => {
      need(String(await ask(port, "SENTINEL", "CKQUORUM", NAME)).startsWith("OK 3"), "fewer sentinels");
      const replicas = /** @type {string[][]} */ (await ask(port, "SENTINEL", "REPLICAS", NAME));
      const good = replicas.filter((fields) => fields.join(" ").includes("master-link-status ok"));
      need(good.length === 2, `${good.length} replicas`);
    });
  /** What all of them have to say, for whoever looks for what went wrong. */
  const logs = () => all.map(({ name }) => `--- ${name}\n${readFileSync(`${folder}/${name}/log`, "utf8")}`).join("\n");
  return { nodes, sentinels, stop, logs };
};
