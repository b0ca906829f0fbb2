// The smallest client an application in the same thread would use: text in, text out, one call into the engine.

const CR = 13;
/** Bytes that an argument takes beside its own: `$`, up to ten digits, two line ends. */
const FRAME = 15;

export class Client {
  #engine;
  #id;
  /** Where the reply at hand is read. */
  #at = 0;

  /** @param {import("../www/engine.js").Engine} engine */
  constructor(engine) {
    this.#engine = engine;
    this.#id = engine.connect();
  }

  /** A command of ASCII words; its reply as text or a number. @param {...string} args */
  call(...args) {
    const engine = this.#engine;
    let length = FRAME;
    for (let i = 0; i < args.length; i++) length += args[i].length + FRAME;
    const start = engine.place(length);
    const bytes = engine.bytes;
    let at = head(bytes, start, 42, args.length);
    for (let i = 0; i < args.length; i++) {
      const arg = args[i];
      at = head(bytes, at, 36, arg.length);
      for (let j = 0; j < arg.length; j++) bytes[at++] = arg.charCodeAt(j);
      bytes[at++] = CR;
      bytes[at++] = 10;
    }
    engine.run(this.#id, at - start);
    this.#at = engine.reply();
    return this.#value(engine.bytes);
  }

  /** Bytes of whole commands; their replies, valid until the next call. @param {Uint8Array} bytes */
  batch(bytes) {
    return this.#engine.feed(this.#id, bytes);
  }

  /** @param {Uint8Array} bytes */
  #value(bytes) {
    const kind = bytes[this.#at++];
    if (kind === 43) return this.#line(bytes);
    if (kind === 45) throw new Error(this.#line(bytes));
    const n = this.#number(bytes);
    if (kind === 58) return n;
    if (n < 0) return null;
    if (kind === 36) {
      const start = this.#at;
      this.#at = start + n + 2;
      return text(bytes, start, start + n);
    }
    const items = [];
    for (let i = 0; i < n; i++) items.push(this.#value(bytes));
    return items;
  }

  #line(bytes) {
    const start = this.#at;
    let at = start;
    while (bytes[at] !== CR) at++;
    this.#at = at + 2;
    return text(bytes, start, at);
  }

  #number(bytes) {
    let at = this.#at;
    const minus = bytes[at] === 45;
    if (minus) at++;
    let n = 0;
    for (; bytes[at] !== CR; at++) n = n * 10 + bytes[at] - 48;
    this.#at = at + 2;
    return minus ? -n : n;
  }
}

/** A mark and a number as the head of a line; where the next byte goes. */
const head = (bytes, at, mark, n) => {
  bytes[at++] = mark;
  if (n >= 100) for (const digit of String(n)) bytes[at++] = digit.charCodeAt(0);
  else {
    if (n >= 10) bytes[at++] = 48 + ((n / 10) | 0);
    bytes[at++] = 48 + (n % 10);
  }
  bytes[at++] = CR;
  bytes[at++] = 10;
  return at;
};

/** ASCII, four at a time: each step makes one string. */
const text = (bytes, start, end) => {
  let out = "";
  let at = start;
  for (; at + 4 <= end; at += 4) out += String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
  for (; at < end; at++) out += String.fromCharCode(bytes[at]);
  return out;
};
