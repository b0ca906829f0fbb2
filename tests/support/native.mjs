// What a native test recorded, for WebAssembly to repeat.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/**
 * Runs the Rust test, so that the record is one of the code as it is now, and reads what it left in `target/tmp`.
 * @param {string} name of the test program @param {string} file
 */
export function recorded(name, file) {
  // The same features as `npm test` builds with: nothing is compiled a second time.
  const run = spawnSync("cargo", ["test", "--quiet", "--features", "server", "--test", name], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(run.status, 0, `cargo test --test ${name} failed:\n${run.error ?? run.stdout + run.stderr}`);
  return readFileSync(resolve(target, "tmp", file));
}
