// The recorded transcripts against the engine in wasm; tests/conformance/transcripts.rs says what the files mean.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { globSync } from "../scripts/glob.mjs";
import { Engine, encode } from "./support/engine.mjs";
import { notation, parse, quote, shape, sorted, sortedPairs, split } from "./support/resp.mjs";

const blocks = (text) => {
  const out = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "" || /^(> |@|#)/.test(line)) out.push({ line: i + 1, head: line, reply: [] });
    else out.at(-1).reply.push(line);
  }
  return out;
};

const RULES = {
  unordered: (reply) => notation(sorted(reply)),
  pairs: (reply) => notation(sortedPairs(reply)),
  "type-only": (reply) => (reply.kind === "-" ? notation(reply) : shape(reply)),
  numberless: (reply) => notation(reply).replace(/\d[\d.]*/g, "0"),
};

class Player {
  jumped = 0;
  rule = notation;
  silent = false;
  /** How often a reply's timers are run yet. */
  patience = 0;
  connections = new Map();
  /** What stands for ids, and the ids. @type {[string, string][]} */
  ids = [];

  constructor() {
    this.engine = new Engine(7n, Date.now());
    this.use("main");
  }

  use(name) {
    if (!this.connections.has(name))
      this.connections.set(name, { id: this.engine.connect(), pending: Buffer.alloc(0) });
    this.current = this.connections.get(name);
  }

  send(args) {
    this.engine.advance(Date.now() + this.jumped);
    const out = this.engine.exec(this.current.id, encode(args));
    for (let n = 0; n < 500 && this.engine.runs_script(); n++) this.engine.work(100_000);
    this.current.pending = Buffer.concat([this.current.pending, out]);
    this.engine.closed(this.current.id); // as the page does: who has quit hears nothing any more
  }

  /** Nothing yet: the node may be busy (DEBUG SLEEP), or has its timers still to run. Whether it is worth asking again. */
  wakes() {
    const now = Date.now() + this.jumped;
    const due = this.engine.next_timer();
    if (this.patience-- <= 0 || due > now + 1000) return false;
    this.jumped += Math.max(due - now, 0) + 1;
    this.engine.advance(Math.max(due, now) + 1);
    return !this.engine.closed(this.current.id);
  }

  reply() {
    this.patience = 10;
    return this.await();
  }

  await() {
    const { rule, silent, current } = this;
    this.rule = notation;
    this.silent = false;
    current.pending = Buffer.concat([current.pending, this.engine.output(current.id)]);
    const bytes = current.pending;
    if (silent) {
      current.pending = Buffer.alloc(0);
      return bytes.length ? `(reply) ${quote(bytes)}` : "(no reply)";
    }
    const parsed = parse(bytes);
    if (!parsed && this.wakes()) {
      this.rule = rule;
      return this.await();
    }
    if (!parsed) return "(connection closed)"; // or no more than a part of a reply: recorded in the same words
    current.pending = bytes.subarray(parsed.length);
    return rule(parsed.reply);
  }

  play(head) {
    if (head.startsWith("> ")) {
      this.send(split(this.ids.reduce((text, [name, id]) => text.replaceAll(name, id), head.slice(2))));
      return this.reply();
    }
    if (!head.startsWith("@")) return undefined;
    const [name, value = ""] = head.slice(1).split(" ");
    if (name === "resp") {
      this.send(["HELLO", value]);
      this.reply();
    } else if (name === "conn") this.use(value);
    else if (name === "id") {
      this.send(["CLIENT", "ID"]);
      this.ids.push([`{${value}}`, this.reply().replace("(integer) ", "")]);
    } else if (name === "advance") this.jumped += Number(value);
    else if (name === "no-reply") this.silent = true;
    else if (name === "read") return this.reply();
    else if (RULES[name]) this.rule = RULES[name];
    else throw new Error(`@${name} is no directive`);
    return undefined;
  }
}

for (const file of globSync("tests/conformance/transcripts", ".txt")) {
  test(`transcript ${basename(file)} in wasm`, () => {
    const player = new Player();
    const recorded = [];
    const given = [];
    for (const { line, head, reply } of blocks(readFileSync(file, "utf8").replace(/\n$/, ""))) {
      const text = player.play(head);
      if (text === undefined) continue;
      recorded.push(`${line} ${head}\n${reply.join("\n")}`);
      given.push(`${line} ${head}\n${text}`);
    }
    const at = given.findIndex((text, i) => text !== recorded[i]);
    assert.equal(given[at], recorded[at]); // the whole lists would be pages
  });
}
