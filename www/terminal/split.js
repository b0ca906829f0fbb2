/**
 * A typed line into arguments, as redis-cli does it: blanks separate, "double quotes" know escapes (\n \r \t \a \b,
 * \xHH for any byte), 'single quotes' know only \'. After a closing quote must come a blank or the end.
 */
import { toBytes } from "../resp.js";

const NAMED = /** @type {Record<string, number>} */ ({ n: 10, r: 13, t: 9, b: 8, a: 7 });
const isSpace = (/** @type {string} */ c) => c === " " || (c >= "\t" && c <= "\r");
const isHex = (/** @type {string} */ s) => /^[0-9a-fA-F]{2}$/.test(s);

/**
 * @param {string} line
 * @returns {Uint8Array[] | null} null for an open quote or a closing one with text right behind it
 */
export function split(line) {
  const parts = splitWithSpans(line);
  return parts && parts.map((p) => p.bytes);
}

/**
 * The arguments with where they stand in the line.
 * @param {string} line
 * @returns {{bytes: Uint8Array, start: number, end: number}[] | null}
 */
export function splitWithSpans(line) {
  const out = [];
  let i = 0;
  for (;;) {
    while (i < line.length && isSpace(line[i])) i++;
    if (i >= line.length) return out;
    const start = i;
    const word = readWord(line, i);
    if (!word) return null;
    i = word.end;
    out.push({ bytes: word.bytes, start, end: i });
  }
}

/** @param {string} line @param {number} i @returns {{bytes: Uint8Array, end: number} | null} */
function readWord(line, i) {
  /** @type {number[]} */
  const bytes = [];
  while (i < line.length && !isSpace(line[i])) {
    const c = line[i];
    if (c === '"' || c === "'") {
      const end = c === '"' ? readDouble(line, i + 1, bytes) : readSingle(line, i + 1, bytes);
      if (end < 0 || (end < line.length && !isSpace(line[end]))) return null;
      return { bytes: Uint8Array.from(bytes), end };
    }
    i = pushChar(line, i, bytes);
  }
  return { bytes: Uint8Array.from(bytes), end: i };
}

/** Appends the character at i as UTF-8; returns the place after it. @param {string} line @param {number} i @param {number[]} bytes */
function pushChar(line, i, bytes) {
  const code = /** @type {number} */ (line.codePointAt(i));
  if (code < 0x80) return (bytes.push(code), i + 1);
  const char = String.fromCodePoint(code);
  for (const b of toBytes(char)) bytes.push(b);
  return i + char.length;
}

/** @param {string} line @param {number} i @param {number[]} bytes @returns {number} place after the closing quote, or -1 */
function readDouble(line, i, bytes) {
  while (i < line.length) {
    if (line[i] === '"') return i + 1;
    if (line[i] !== "\\" || i + 1 >= line.length) {
      i = pushChar(line, i, bytes);
    } else if (line[i + 1] === "x" && isHex(line.slice(i + 2, i + 4))) {
      bytes.push(parseInt(line.slice(i + 2, i + 4), 16));
      i += 4;
    } else if (line[i + 1] in NAMED) {
      bytes.push(NAMED[line[i + 1]]);
      i += 2;
    } else i = pushChar(line, i + 1, bytes);
  }
  return -1;
}

/** @param {string} line @param {number} i @param {number[]} bytes @returns {number} place after the closing quote, or -1 */
function readSingle(line, i, bytes) {
  while (i < line.length) {
    if (line[i] === "'") return i + 1;
    if (line[i] === "\\" && line[i + 1] === "'") i++;
    i = pushChar(line, i, bytes);
  }
  return -1;
}
