import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { defineConfig } from "vite";
import { lessons } from "./scripts/lessons.mjs";

/** Write sw.js next to index.html with the list of built files. */
const serviceWorker = () => ({
  name: "service-worker",
  apply: "build",
  /** @param {{dir: string}} out @param {Record<string, {code?: string, source?: string|Uint8Array}>} bundle */
  writeBundle({ dir }, bundle) {
    const files = Object.keys(bundle).filter((f) => !f.endsWith(".map"));
    const hash = createHash("sha256");
    for (const f of files) hash.update(readFileSync(join(dir, f)));
    const template = readFileSync("www/sw.js", "utf8");
    writeFileSync(
      join(dir, "sw.js"),
      `const VERSION = ${JSON.stringify(hash.digest("hex").slice(0, 12))};\nconst FILES = ${JSON.stringify(["./", ...files])};\n${template}`,
    );
  },
});

/** Vite's own server puts the styles that modules import into the page; the built page links them, and allows no such thing. */
const inlineStyles = () => ({
  name: "inline-styles",
  apply: "serve",
  /** @param {string} html */
  transformIndexHtml: (html) => html.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
});

export default defineConfig({
  base: "./", // works from any sub-path
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "embed.html"] },
  },
  plugins: [lessons(), serviceWorker(), inlineStyles()],
  worker: { format: "es" },
  server: { port: 5173, strictPort: true },
});
