// What the benches share: processes and their CPU time, work as RESP, rows of ratios.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";

/** User and system CPU time of a process so far, in µs, from the scheduler's own count. @param {number} pid */
export const cpuMicros = (pid) =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    try {
      return sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1000;
    } catch {
      return sum; // a thread that ended meanwhile
    }
  }, 0);

/** Resident memory of a process in bytes. @param {number} pid */
export const residentBytes = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/** Start a server that takes a real server's options; resolves once it answers. @param {string} program @param {string[]} more */
export const startServer = async (program, more = []) => {
  const port = await freePort();
  const options = ["--port", String(port), "--save", "", "--appendonly", "no", "--dir", tmpdir(), ...more];
  const child = spawn(program, options, { stdio: "ignore" });
  for (let i = 0; ; i++) {
    try {
      const { reply, close } = await openConnection(port);
      await reply(Buffer.from("PING\r\n"), 1);
      close();
      break;
    } catch (e) {
      if (i > 200 || child.exitCode !== null) throw new Error(`${program} does not answer: ${e}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const kill = () => child.kill("SIGKILL");
  process.on("exit", kill);
  const stop = () => {
    process.off("exit", kill);
    kill();
  };
  return { port, pid: /** @type {number} */ (child.pid), stop };
};

/**
 * A raw connection: `reply` sends bytes, waits for so many replies of one line or bulk each, and gives the bytes that came last.
 * @param {number} port
 */
export const openConnection = (port) =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    let onData = (/** @type {Buffer} */ _) => {};
    socket.on("data", (data) => onData(data));
    socket.on("error", reject);
    socket.on("connect", () =>
      resolve({
        close: () => socket.destroy(),
        /** @param {Buffer} bytes @param {number} count */
        reply: (bytes, count) =>
          new Promise((done) => {
            let seen = 0;
            onData = (data) => {
              for (let i = 0; i < data.length; i++) if (data[i] === 10) seen++;
              if (seen >= count) done(data);
            };
            socket.write(bytes);
          }),
      }),
    );
  });

/** A command as it goes over the wire. @param {(string | number)[]} args */
export const encode = (...args) => {
  let out = `*${args.length}\r\n`;
  for (const arg of args) out += `$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`;
  return Buffer.from(out);
};

/** The same numbers in every run. @param {number} seed */
export const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const padded = (n) => String(n).padStart(12, "0");

/** Distinct keys and members that the work draws from. */
export const RANGE = 100_000;

/** The work of the comparisons, as valkey-benchmark defines it: a command from two random numbers below RANGE. */
export const WORK = {
  SET: (a) => ["SET", `key:${padded(a)}`, "xxx"],
  GET: (a) => ["GET", `key:${padded(a)}`],
  INCR: (a) => ["INCR", `counter:${padded(a)}`],
  LPUSH: () => ["LPUSH", "mylist", "xxx"],
  HSET: (a) => ["HSET", "myhash", `element:${padded(a)}`, "xxx"],
  SADD: (a) => ["SADD", "myset", `element:${padded(a)}`],
  ZADD: (a, b) => ["ZADD", "myzset", String(b), `element:${padded(a)}`],
  ZRANK: (a) => ["ZRANK", "myzset", `element:${padded(a)}`],
};

const rows = [];

/**
 * Print a comparison. `ratio` above 1 means redlab is better; `target` is what NUMBERS asks for.
 * @param {string} name @param {string} ours @param {string} theirs @param {number} ratio @param {number} [target]
 */
export const row = (name, ours, theirs, ratio, target) => {
  const verdict =
    target === undefined ? "" : ratio >= target ? `  (target ${+target.toFixed(2)})` : `  BELOW ${+target.toFixed(2)}`;
  rows.push({ name, ours, theirs, ratio, target });
  console.log(`${name.padEnd(42)} ${ours.padStart(16)} ${theirs.padStart(16)}  ${ratio.toFixed(2)}x${verdict}`);
};

/** A measure against a limit, where smaller is better. @param {string} name @param {number} value @param {string} unit @param {number} limit */
export const limit = (name, value, unit, limit) => {
  const verdict = value <= limit ? `(limit ${limit})` : `ABOVE ${limit}`;
  console.log(`${name.padEnd(42)} ${`${value.toFixed(2)} ${unit}`.padStart(16)}  ${verdict}`);
};

/** @param {string} title @param {string} ours @param {string} theirs */
export const title = (title, ours, theirs) =>
  console.log(`\n${title}\n${"".padEnd(42)} ${ours.padStart(16)} ${theirs.padStart(16)}  ratio`);

/** @param {number[]} values */
export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
