// How many kilobytes (brotli, 1 KB = 1024 bytes) a visitor downloads, held against sizes.json.
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { globSync } from "./glob.mjs";

const limits = JSON.parse(readFileSync(new URL("sizes.json", import.meta.url), "utf8"));
const kilobytes = (path) =>
  brotliCompressSync(readFileSync(path), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length / 1024;

/** Parts of the engine that come after the first reply (www/later.js). */
const later = /^redlab_(scripts|rest)/;

/**
 * What loads before the first reply: from index.html, every script, style sheet, worker and wasm that one of the
 * files found names, except what is only named by a dynamic import (lessons and views that load when opened) and the engine's later parts.
 */
const firstLoad = (dir) => {
  const files = globSync(dir, ".html", ".js", ".css", ".wasm");
  const byName = new Map(files.map((file) => [basename(file), file]));
  const found = new Set();
  const visit = (file) => {
    if (found.has(file)) return;
    found.add(file);
    if (file.endsWith(".wasm")) return;
    const text = readFileSync(file, "utf8")
      .replace(/\bimport\(\s*["'`][^"'`]*["'`]\s*\)/g, "")
      .replace(/__vite__mapDeps=.*?;/s, "");
    for (const [, name] of text.matchAll(/([\w.-]+\.(?:js|css|wasm))\b/g)) {
      const next = byName.get(name);
      if (next && name !== "sw.js" && !later.test(name)) visit(next);
    }
  };
  visit(join(dir, "index.html"));
  return [...found];
};

const rows = [
  ["engine", ["pkg/redlab_bg.wasm"]],
  ["engine, scripts", ["pkg/redlab_scripts.wasm"]],
  ["engine, rest", ["pkg/redlab_rest.wasm"]],
];
if (existsSync("dist/index.html")) rows.push(["first load", firstLoad("dist")]);

let over = false;
for (const [name, files] of rows) {
  const sizes = files.map((file) => [file, kilobytes(file)]);
  const total = sizes.reduce((sum, [, kb]) => sum + kb, 0);
  if (total > limits[name]) over = true;
  console.log(
    `${name}: ${total.toFixed(1)} KB brotli, limit ${limits[name]} KB${total > limits[name] ? "  TOO BIG" : ""}`,
  );
  if (files.length > 1) for (const [file, kb] of sizes) console.log(`  ${kb.toFixed(1).padStart(7)} ${file}`);
}
process.exit(over ? 1 : 0);
