// The built engine (pkg/) in Node, as a plain object that takes and gives bytes.
import { readFileSync } from "node:fs";

const pkg = new URL("../../pkg/", import.meta.url);
const glue = await import(new URL("redlab.js", pkg).href);
const { attach } = await import("../../www/later.js");
attach(glue.initSync({ module: readFileSync(new URL("redlab_bg.wasm", pkg)) }), readFileSync);

export const { Platter } = glue;
export const { Engine } = await import("../../www/engine.js");

/** The memory of the module, to see how it grows. */
export const memoryBytes = () => glue.linearMemory().buffer.byteLength;

const encoder = new TextEncoder();

/** A command as it goes over the wire. @param {(string | Uint8Array)[]} args */
export const encode = (args) => {
  const parts = [encoder.encode(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === "string" ? encoder.encode(arg) : arg;
    parts.push(encoder.encode(`$${bytes.length}\r\n`), bytes, encoder.encode("\r\n"));
  }
  return Buffer.concat(parts);
};
