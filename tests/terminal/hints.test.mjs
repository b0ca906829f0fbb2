// Hints and syntax against what a real client gave for the same input, and what Tab completes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Docs } from "../../www/terminal/docs.js";
import { complete, hint, syntax } from "../../www/terminal/hints.js";

const recorded = JSON.parse(readFileSync(new URL("recorded.json", import.meta.url), "utf8"));
const docs = new Docs(recorded.docs);

/** valkey-cli closes a repeated optional argument twice: "[GET pattern ...]]". That slip is not repeated here. */
const balanced = (s) => (s.split("[").length < s.split("]").length ? s.replace("...]]", "...]") : s);

test("every hint is valkey-cli's", () => {
  assert.ok(recorded.hints.length > 200);
  const wrong = recorded.hints
    .filter((h) => hint(docs, h.input).trim() !== balanced(h.hint.trim()))
    .map((h) => `${h.input}\n  want ${h.hint}\n  got  ${hint(docs, h.input)}`);
  assert.equal(wrong.join("\n"), "");
});

test("HELP's syntax is valkey-cli's", () => {
  for (const [name, want] of Object.entries(recorded.syntax))
    assert.equal(syntax(docs.commands.get(name.toUpperCase()).args), want, name);
});

test("Tab completes commands, subcommands and tokens, and nothing else", () => {
  assert.deepEqual(complete(docs, "zran"), ["zrange", "zrangebyscore", "zrank"]);
  assert.deepEqual(complete(docs, "CONFIG RE"), ["CONFIG RESETSTAT", "CONFIG REWRITE"]);
  assert.deepEqual(complete(docs, "SET k v N"), ["SET k v NX"]);
  assert.deepEqual(complete(docs, "set k v NX e"), ["set k v NX ex", "set k v NX exat"]);
  assert.deepEqual(complete(docs, "help @stri"), ["help @string"]);
  for (const nothing of ["", "SET ", "SET k", "SET k v ", "NOSUCH x", "GET"])
    assert.deepEqual(
      complete(docs, nothing).filter((c) => c.startsWith("SET k")),
      [],
      nothing,
    );
});
