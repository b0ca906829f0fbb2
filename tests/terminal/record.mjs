// Records what a real valkey-cli does into recorded.json:  node tests/terminal/record.mjs [port of a running server]
// Cases: reply bytes and the text printed for them; typed lines and the request bytes they became; hints; HELP's syntax.
// A proxy between client and server sees the bytes, so text and bytes come from the same exchange.
import { execFile, spawn } from "node:child_process";
import { writeFileSync, mkdtempSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hintInputs, lines, replies, setup } from "./cases.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);
const port = Number(process.argv[2] ?? 0) || (await startServer());
const latin1 = { encoding: /** @type {const} */ ("latin1"), maxBuffer: 1 << 26 };

async function startServer() {
  const at = 20000 + (process.pid % 10000);
  const server = spawn(
    "valkey-server",
    ["--port", `${at}`, "--save", "", "--extended-redis-compatibility", "yes", "--enable-debug-command", "yes"],
    { stdio: "ignore" },
  );
  process.on("exit", () => server.kill());
  for (;;) {
    const ok = await new Promise((done) =>
      connect(at, "127.0.0.1")
        .on("connect", function () {
          this.destroy();
          done(true);
        })
        .on("error", () => done(false)),
    );
    if (ok) return at;
    await new Promise((r) => setTimeout(r, 20));
  }
}

/** What the last exchange through the proxy said. */
let sent = Buffer.alloc(0),
  received = Buffer.alloc(0);
const proxy = createServer((client) => {
  const server = connect(port, "127.0.0.1");
  client.on("data", (d) => {
    sent = Buffer.concat([sent, d]);
    received = Buffer.alloc(0);
    server.write(d);
  });
  server.on("data", (d) => {
    received = Buffer.concat([received, d]);
    client.write(d);
  });
  client.on("close", () => server.destroy()).on("error", () => {});
  server.on("close", () => client.destroy()).on("error", () => {});
});
await new Promise((r) => proxy.listen(0, "127.0.0.1", () => r()));
const via = `${proxy.address().port}`;

await run("valkey-cli", ["-p", `${port}`, "flushall"]);
for (const argv of setup) await run("valkey-cli", ["-p", `${port}`, ...argv]);

const out = { replies: [], lines: [], hints: [], docs: {} };
for (const argv of replies) {
  for (const proto of ["2", "3"]) {
    sent = received = Buffer.alloc(0);
    try {
      const { stdout } = await run("valkey-cli", ["-p", via, "--no-raw", `-${proto}`, ...argv], latin1);
      out.replies.push({
        argv,
        proto,
        bytes: received.toString("base64"),
        text: Buffer.from(stdout, "latin1").toString("base64"),
      });
    } catch {
      /* valkey-cli itself gives up on this type of reply */
    }
  }
}

for (const line of lines) {
  sent = Buffer.alloc(0);
  const child = spawn("valkey-cli", ["-p", via, "--no-raw"]);
  let stdout = "";
  child.stdout.setEncoding("latin1").on("data", (d) => (stdout += d));
  child.stdin.end(`${line}\n`);
  await new Promise((r) => child.on("close", r));
  // The client asks COMMAND DOCS for its hints first; what follows is the line.
  const request = sent.toString("latin1").replace(/^(\*2\r\n\$7\r\nCOMMAND\r\n\$4\r\nDOCS\r\n)+/, "");
  out.lines.push({
    line,
    request: request ? Buffer.from(request, "latin1").toString("base64") : null,
    invalid: stdout.includes("Invalid argument(s)"),
  });
}

const file = join(mkdtempSync(join(tmpdir(), "hints-")), "hints");
const quoted = (s) => `"${s.replace(/[\\"]/g, "\\$&")}"`;
writeFileSync(file, hintInputs.map((s) => `${quoted(s)} "x-x"\n`).join(""));
const { stderr: hinted } = await run("valkey-cli", ["-p", `${port}`, "--test_hint_file", file], latin1).catch((e) => e);
const answers = [...hinted.matchAll(/^Test case '.*?' FAILED: expected 'x-x', got '(.*)'$/gm)].map((m) => m[1]);
if (answers.length !== hintInputs.length) throw new Error(`${answers.length} answers for ${hintInputs.length} hints`);
hintInputs.forEach((input, i) => out.hints.push({ input, hint: answers[i] === "(null)" ? "" : answers[i] }));

// The argument tables of the commands that the hints are about, without their prose.
const names = [...new Set(hintInputs.map((s) => s.trim().split(/\s+/)[0].toLowerCase()).filter(Boolean))];
const { stdout: docs } = await run("valkey-cli", ["-p", `${port}`, "-3", "--json", "command", "docs", ...names], {
  maxBuffer: 1 << 26,
});
const strip = (x) => {
  if (Array.isArray(x)) return x.map(strip);
  if (x && typeof x === "object")
    return Object.fromEntries(
      Object.entries(x)
        .filter(([k]) => !["summary", "history", "complexity", "doc_flags"].includes(k))
        .map(([k, v]) => [k, strip(v)]),
    );
  return x;
};
out.docs = strip(JSON.parse(docs));
out.syntax = {};
for (const name of Object.keys(out.docs)) {
  const { stdout } = await run("valkey-cli", ["-p", `${port}`, "help", name], latin1);
  for (const m of stdout.matchAll(/\x1b\[1m(.*?)\x1b\[0m \x1b\[90m(.*?)\x1b\[0m/g))
    out.syntax[m[1].toLowerCase()] = m[2] === "(null)" ? "" : m[2];
}
writeFileSync(join(here, "recorded.json"), `${JSON.stringify(out)}\n`);
console.log(
  `${out.replies.length} replies, ${out.lines.length} lines, ${out.hints.length} hints, ${Object.keys(out.syntax).length} syntaxes`,
);
process.exit(0);
