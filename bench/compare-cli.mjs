// The native server against a real one, both under the real one's own benchmark program, pipelined by 100.
//   node bench/compare-cli.mjs [--ours PATH] [--requests N]
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { tools } from "../scripts/tools.mjs";
import { RANGE, cpuMicros, row, startServer, title } from "./lib.mjs";

const { values } = parseArgs({
  options: {
    ours: { type: "string", default: "target/release/redlab-server" },
    requests: { type: "string", default: "1000000" },
  },
});
const { oracle, benchmark } = tools();
if (!oracle || !benchmark) {
  console.log("skipped: native server against a real one: no valkey-server and valkey-benchmark on this machine");
  process.exit(0);
}

const ROUNDS = 5;
const built = ["SET", "GET", "INCR", "LPUSH", "HSET", "SADD", "ZADD"];
const commands = { ZRANK: ["ZRANK", "myzset", "element:__rand_int__"] };

/** One run: CPU µs a command in the server process, and commands a second. */
const measure = (server, name) => {
  const what = commands[name] ?? ["-t", name.toLowerCase()];
  const args = ["-p", server.port, "-P", "100", "-c", "20", "-n", values.requests, "-r", RANGE, "--csv"];
  const before = cpuMicros(server.pid);
  const out = spawnSync(benchmark, [...args.map(String), ...what], { encoding: "utf8" });
  const cpu = (cpuMicros(server.pid) - before) / Number(values.requests);
  const perSecond = Number(/^"[^"]*","([\d.]+)"/m.exec(out.stdout.split("\n").slice(1).join("\n"))?.[1]);
  if (!(perSecond > 0)) throw new Error(`${name}: ${out.stdout}${out.stderr}`);
  return { cpu, perSecond };
};

const ours = await startServer(values.ours);
const theirs = await startServer(oracle);
try {
  title("native server, benchmark -P 100: CPU a command", "redlab", "real server");
  const rates = [];
  for (const name of [...built, ...Object.keys(commands)]) {
    const [a, b] = [[], []];
    try {
      for (let i = 0; i < ROUNDS; i++) {
        a.push(measure(ours, name));
        b.push(measure(theirs, name));
      }
    } catch (e) {
      console.error(e instanceof Error ? e.message : e);
      process.exitCode = 1;
      continue;
    }
    // The round that the rest of the machine disturbed least, on either side.
    const cpu = [a, b].map((runs) => Math.min(...runs.map((r) => r.cpu)));
    const perSecond = [a, b].map((runs) => Math.max(...runs.map((r) => r.perSecond)));
    row(name, `${cpu[0].toFixed(3)} µs`, `${cpu[1].toFixed(3)} µs`, cpu[1] / cpu[0], 1.3);
    rates.push([name, perSecond]);
  }
  title("the same: commands a second", "redlab", "real server");
  for (const [name, [x, y]] of rates) row(name, `${(x / 1e3).toFixed(0)} k/s`, `${(y / 1e3).toFixed(0)} k/s`, x / y);
} finally {
  ours.stop();
  theirs.stop();
}
