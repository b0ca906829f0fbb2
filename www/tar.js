/**
 * Files in one file, as `tar` has them (the ustar format of POSIX): what a sandbox's disk is downloaded and loaded as.
 *
 * @typedef {{name: string, bytes: Uint8Array}} Packed
 */
import { concat } from "./resp.js";

const BLOCK = 512;
const encoder = new TextEncoder();

/** The rest of the last block. @param {number} length */
const padding = (length) => new Uint8Array((BLOCK - (length % BLOCK)) % BLOCK);

/** @param {Packed} file @param {number} time_s */
function header({ name, bytes }, time_s) {
  const block = new Uint8Array(BLOCK);
  const put = (/** @type {number} */ at, /** @type {string} */ text) => block.set(encoder.encode(text), at);
  const octal = (/** @type {number} */ n, /** @type {number} */ digits) => n.toString(8).padStart(digits, "0");
  put(0, name);
  put(100, octal(0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(bytes.length, 11));
  put(136, octal(time_s, 11));
  put(148, " ".repeat(8)); // the sum is taken with blanks in its own place
  put(156, "0");
  put(257, "ustar\0" + "00");
  const sum = block.reduce((a, b) => a + b, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return block;
}

/** @param {Packed[]} files @param {number} time_ms when they were changed @returns {Uint8Array} */
export const pack = (files, time_ms) =>
  concat([
    ...files.flatMap((f) => [header(f, Math.floor(time_ms / 1000)), f.bytes, padding(f.bytes.length)]),
    new Uint8Array(2 * BLOCK),
  ]);

/** @param {Uint8Array} bytes */
export const isTar = (bytes) => String.fromCharCode(...bytes.subarray(257, 262)) === "ustar";

/** The plain files of an archive, as far as it goes. @param {Uint8Array} bytes @returns {Packed[]} */
export function unpack(bytes) {
  /** @type {Packed[]} */
  const files = [];
  for (let at = 0; isTar(bytes.subarray(at));) {
    const text = (/** @type {number} */ from, /** @type {number} */ length) =>
      new TextDecoder().decode(bytes.subarray(at + from, at + from + length)).replace(/\0.*/s, "");
    const size = parseInt(text(124, 12), 8);
    const start = at + BLOCK;
    if (!(size >= 0 && start + size <= bytes.length)) break;
    const name = text(0, 100).replace(/^(\.\/)+/, "");
    if (["", "0"].includes(text(156, 1))) files.push({ name, bytes: bytes.slice(start, start + size) });
    at = start + size + padding(size).length;
  }
  return files;
}
