// The terminal against what a real client printed, sent and hinted (recorded.json, made by record.mjs).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encodeCommand, parseAll, ReplyParser, toText } from "../../www/resp.js";
import { formatFor, quote } from "../../www/terminal/format.js";
import { split } from "../../www/terminal/split.js";

const recorded = JSON.parse(readFileSync(new URL("recorded.json", import.meta.url), "utf8"));
const bytes = (b64) => new Uint8Array(Buffer.from(b64, "base64"));
/** What the client prints for a reply that follows pushes: the pushes are not part of it. */
const shown = (replies, argv) =>
  replies
    .filter((r) => r.type !== "push")
    .map((r) => formatFor(r, argv))
    .join("");

test("every reply prints as valkey-cli prints it", () => {
  assert.ok(recorded.replies.length > 400);
  for (const { argv, proto, bytes: b64, text } of recorded.replies) {
    // The terminal's lines end in a line feed alone.
    const want = toText(bytes(text)).replaceAll("\r\n", "\n");
    assert.equal(shown(parseAll(bytes(b64)), argv), want, `${argv.join(" ")} in RESP${proto}`);
  }
});

test("a reply cut anywhere parses to the same", () => {
  for (const { argv, bytes: b64 } of recorded.replies) {
    const all = bytes(b64);
    if (all.length > 300) continue;
    const whole = JSON.stringify(parseAll(all));
    const parser = new ReplyParser();
    const out = [];
    for (const byte of all) {
      parser.push(Uint8Array.of(byte));
      for (let r = parser.next(); r; r = parser.next()) out.push(r);
    }
    assert.equal(JSON.stringify(out), whole, argv.join(" "));
    assert.ok(parser.idle);
  }
});

test("every line splits into the arguments valkey-cli sends", () => {
  for (const { line, request, invalid } of recorded.lines) {
    const argv = split(line);
    if (invalid) assert.equal(argv, null, line);
    else if (request && !/^-?\d/.test(line))
      assert.equal(
        Buffer.from(encodeCommand(argv)).toString("latin1"),
        Buffer.from(bytes(request)).toString("latin1"),
        line,
      );
  }
});

test("a nested reply of 100,000 levels neither recurses nor fails to parse", () => {
  const parser = new ReplyParser();
  parser.push(new TextEncoder().encode("*1\r\n".repeat(100_000) + ":1\r\n"));
  assert.equal(parser.next()?.type, "array");
});

test("what is shown in quotes can be typed back: any bytes", () => {
  let seed = 7;
  const random = (n) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % n;
  for (let round = 0; round < 2000; round++) {
    const argv = Array.from({ length: 1 + random(4) }, () =>
      Uint8Array.from({ length: random(12) }, () => random(256)),
    );
    assert.deepEqual(split(argv.map(quote).join(" ")), argv, `round ${round}`);
  }
});

test("no line and no bytes make the splitter or the parser fail in another way than they say", () => {
  let seed = 11;
  const random = (n) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % n;
  const alphabet = " \t\"'\\xn0aé\u{1f600}";
  for (let round = 0; round < 5000; round++) {
    const line = Array.from({ length: random(20) }, () => [...alphabet][random(alphabet.length - 1)]).join("");
    const argv = split(line);
    assert.ok(argv === null || argv.every((a) => a instanceof Uint8Array), line);
    const parser = new ReplyParser();
    parser.push(Uint8Array.from({ length: random(30) }, () => "*$+-:_%~>,(=!|#\r\n0129".charCodeAt(random(21))));
    try {
      for (let i = 0; i < 100 && parser.next(); i++);
    } catch (e) {
      assert.match(e.message, /^Protocol error/);
    }
  }
});
