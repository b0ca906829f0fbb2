/**
 * RESP, both versions: requests out of arguments, replies out of bytes.
 *
 * A reply is plain data; strings stay bytes, because a Redis string is any bytes. They are windows on what arrived,
 * not copies.
 * The parser keeps its own stack, so that a deeply nested reply costs no recursion, and keeps its place, so that a
 * reply that arrives in a thousand pieces is read once.
 *
 * @typedef {{type: "string"|"status"|"error"|"verbatim", bytes: Uint8Array, format?: string}} Text
 * @typedef {{type: "integer"|"double"|"bignum", text: string}} Num
 * @typedef {{type: "bool", value: boolean}} Bool
 * @typedef {{type: "nil"}} Nil
 * @typedef {{type: "array"|"map"|"set"|"push"|"attribute", items: Reply[]}} List  a map's items are key, value, key, value …
 * @typedef {Text | Num | Bool | Nil | List} Reply
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param {string|Uint8Array} x @returns {Uint8Array} */
export const toBytes = (x) => (typeof x === "string" ? encoder.encode(x) : x);

/** @param {Uint8Array} bytes */
export const toText = (bytes) => decoder.decode(bytes);

/** @param {Uint8Array[]} parts */
export function concat(parts) {
  if (parts.length === 1) return parts[0];
  let length = 0;
  for (const p of parts) length += p.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

const ASCII = /^[\0-\x7f]*$/;

/**
 * One command as a RESP array of bulk strings. Written by hand: each array that TextEncoder makes is an object of the browser's,
 * and thousands of them a second hold its collector up.
 * @param {(string|Uint8Array)[]} argv
 */
export function encodeCommand(argv) {
  /** Text of ASCII alone, or bytes. @type {(string|Uint8Array)[]} */
  const parts = [`*${argv.length}\r\n`];
  for (const arg of argv) {
    const part = typeof arg === "string" && ASCII.test(arg) ? arg : toBytes(arg);
    parts.push(`$${part.length}\r\n`, part, "\r\n");
  }
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    if (typeof part === "string") for (let i = 0; i < part.length; i++) out[at + i] = part.charCodeAt(i);
    else out.set(part, at);
    at += part.length;
  }
  return out;
}

const [CR, DOLLAR, EQUALS, BANG, MINUS] = [13, 36, 61, 33, 45];

/** What a type byte opens, when a count of elements follows it. @type {(List["type"] | undefined)[]} */
const LISTS = [];
for (const [byte, type] of /** @type {[string, List["type"]][]} */ ([
  ["*", "array"],
  ["%", "map"],
  ["~", "set"],
  [">", "push"],
  ["|", "attribute"],
]))
  LISTS[byte.charCodeAt(0)] = type;

/** Replies out of a stream of bytes. */
export class ReplyParser {
  #buf = /** @type {Uint8Array} */ (new Uint8Array(0));
  #at = 0;
  /** Lists that still miss elements. @type {{list: List, missing: number}[]} */
  #open = [];

  /** @param {Uint8Array} bytes */
  push(bytes) {
    const rest = this.#buf.subarray(this.#at);
    this.#before += this.#at;
    this.#buf = rest.length ? concat([rest, bytes]) : bytes;
    this.#at = 0;
  }

  /** Bytes that were read so far. */
  get taken() {
    return this.#before + this.#at;
  }

  /** Those of them that are in the buffer no more. */
  #before = 0;

  /** True between replies: nothing has been read of the next one. */
  get idle() {
    return this.#open.length === 0 && this.#at === this.#buf.length;
  }

  /**
   * The next whole reply, or undefined until more bytes come.
   * @returns {Reply | undefined}
   * @throws {Error} on bytes that are no reply
   */
  next() {
    for (;;) {
      const item = this.#item();
      if (!item) return undefined;
      const count = "items" in item ? this.#pending : 0;
      if (count > 0) {
        this.#open.push({ list: /** @type {List} */ (item), missing: count });
        continue;
      }
      /** @type {Reply} */
      let done = item;
      for (;;) {
        const top = this.#open.at(-1);
        if (!top) return done;
        top.list.items.push(done);
        if (--top.missing > 0) break;
        this.#open.pop();
        done = top.list;
      }
    }
  }

  /** How many elements the list that #item just opened waits for. */
  #pending = 0;

  /** One header with its payload; undefined (and nothing consumed) while bytes are missing. @returns {Reply | undefined} */
  #item() {
    const buf = this.#buf;
    const start = this.#at;
    let eol = start;
    while (eol < buf.length && buf[eol] !== CR) eol++;
    if (eol + 1 >= buf.length) return undefined;
    const after = eol + 2;
    const kind = buf[start];
    const list = LISTS[kind];
    if (list) {
      const count = length(buf, start + 1, eol);
      this.#at = after;
      if (count < 0) return { type: "nil" };
      this.#pending = list === "map" || list === "attribute" ? count * 2 : count;
      return { type: list, items: [] };
    }
    if (kind === DOLLAR || kind === EQUALS || kind === BANG) {
      const size = length(buf, start + 1, eol);
      if (size >= 0 && buf.length < after + size + 2) return undefined;
      this.#at = size < 0 ? after : after + size + 2;
      if (size < 0) return { type: "nil" };
      const bytes = buf.subarray(after, after + size);
      if (kind === EQUALS) return { type: "verbatim", format: toText(bytes.subarray(0, 3)), bytes: bytes.subarray(4) };
      return { type: kind === BANG ? "error" : "string", bytes };
    }
    this.#at = after;
    return simple(kind, buf.subarray(start + 1, eol));
  }
}

/**
 * The digits of a length. The engine writes them; whatever else stands there counts as its digits do.
 * @param {Uint8Array} buf
 * @param {number} from
 * @param {number} to
 */
function length(buf, from, to) {
  if (buf[from] === MINUS) return -1;
  let n = 0;
  for (let i = from; i < to; i++) n = n * 10 + (buf[i] - 48);
  return n;
}

/** A reply of one line. @param {number} kind @param {Uint8Array} line @returns {Reply} */
function simple(kind, line) {
  switch (String.fromCharCode(kind)) {
    case "+":
      return { type: "status", bytes: line };
    case "-":
      return { type: "error", bytes: line };
    case ":":
      return { type: "integer", text: toText(line) };
    case ",":
      return { type: "double", text: toText(line) };
    case "(":
      return { type: "bignum", text: toText(line) };
    case "#":
      return { type: "bool", value: line[0] === 0x74 };
    case "_":
      return { type: "nil" };
  }
  throw new Error(`Protocol error, got ${JSON.stringify(String.fromCharCode(kind))} as reply type byte`);
}

/**
 * All replies in a byte string that ends with the last of them.
 * @param {Uint8Array} bytes
 */
export function parseAll(bytes) {
  const parser = new ReplyParser();
  parser.push(bytes);
  /** @type {Reply[]} */
  const out = [];
  for (let r = parser.next(); r; r = parser.next()) out.push(r);
  return out;
}

/** The text of a reply that is one string, status, error or number; "" for others. @param {Reply|undefined} r */
export function textOf(r) {
  if (!r) return "";
  if ("bytes" in r) return toText(r.bytes);
  if ("text" in r) return r.text;
  return "";
}
