// Replies as values and in the notation of the transcripts (tests/conformance/reply.rs says how it reads).

/** @typedef {{kind: string, text?: Buffer, items?: Reply[]}} Reply */

/** The first reply in the bytes, or undefined when it is not complete. @param {Buffer} bytes @returns {{reply: Reply, length: number} | undefined} */
export const parse = (bytes) => {
  let at = 0;
  const line = () => {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const text = bytes.subarray(at, end);
    at = end + 2;
    return text;
  };
  /** @returns {Reply | undefined} */
  const value = () => {
    const head = line();
    if (!head) return undefined;
    const kind = String.fromCharCode(head[0]);
    const text = head.subarray(1);
    if ("+-:_#,(".includes(kind)) return { kind, text };
    if (text.toString() === "-1") return { kind: kind === "$" ? "$-1" : "*-1" };
    const count = Number(text.toString());
    if (kind === "$" || kind === "=") {
      if (bytes.length < at + count + 2) return undefined;
      const body = bytes.subarray(at, at + count);
      at += count + 2;
      return { kind, text: body };
    }
    if (!"*~>%|".includes(kind)) throw new Error(`no reply begins with ${JSON.stringify(kind)}`);
    const items = [];
    // Behind the remarks of an attribute stands the reply that they belong to.
    const length = { "%": count * 2, "|": count * 2 + 1 }[kind] ?? count;
    for (let i = 0; i < length; i++) {
      const item = value();
      if (!item) return undefined;
      items.push(item);
    }
    return { kind, items };
  };
  const reply = value();
  return reply && { reply, length: at };
};

/** Bytes in double quotes. @param {Uint8Array} bytes */
export const quote = (bytes) => {
  const named = { 34: '\\"', 92: "\\\\", 10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b" };
  let out = '"';
  for (const b of bytes) {
    if (named[b]) out += named[b];
    else if (b >= 32 && b < 127) out += String.fromCharCode(b);
    else out += `\\x${b.toString(16).padStart(2, "0")}`;
  }
  return `${out}"`;
};

const plain = (bytes) => quote(bytes).slice(1, -1).replaceAll('\\"', '"');

const under = (head, text) => {
  const isPair = head.includes("#");
  const indent = " ".repeat(isPair ? 3 : head.length);
  const joined = text.replaceAll("\n", `\n${indent}`);
  return isPair && text.includes("\n") ? `${head.trimEnd()}\n${indent}${joined}` : `${head}${joined}`;
};

const NAMES = { "*": ["array", ")"], "~": ["set", "~"], ">": ["push", ">"], "%": ["map", "#"] };

/** The text of a transcript. @param {Reply} reply @returns {string} */
export const notation = ({ kind, text = Buffer.alloc(0), items = [] }) => {
  switch (kind) {
    case "+":
      return text.toString();
    case "-":
      return `(error) ${plain(text)}`;
    case ":":
      return `(integer) ${text}`;
    case "$":
      return quote(text);
    case "$-1":
      return "(nil)";
    case "*-1":
      return "(nil array)";
    case "_":
      return "(null)";
    case "#":
      return text.toString() === "t" ? "(true)" : "(false)";
    case ",":
      return `(double) ${plain(text)}`;
    case "(":
      return `(big number) ${plain(text)}`;
    case "=":
      return `(verbatim) ${quote(text)}`;
  }
  if (kind === "|") {
    const remarks = notation({ kind: "%", items: items.slice(0, -1) });
    return `${under("(attribute) ", remarks)}\n${notation(items[items.length - 1])}`;
  }
  const [name, mark] = NAMES[kind];
  if (!items.length) return `(empty ${name})`;
  if (kind !== "%") {
    const width = String(items.length).length;
    return items.map((item, i) => under(`${String(i + 1).padStart(width)}${mark} `, notation(item))).join("\n");
  }
  const width = String(items.length / 2).length;
  const pairs = [];
  for (let i = 0; i < items.length; i += 2) {
    const key = notation(items[i]).replaceAll("\n", " ");
    pairs.push(under(`${String(i / 2 + 1).padStart(width)}# ${key} => `, notation(items[i + 1])));
  }
  return pairs.join("\n");
};

/** Only the kinds. @param {Reply} reply @returns {string} */
export const shape = (reply) => {
  const names = {
    "+": "simple",
    ":": "integer",
    $: "bulk",
    "#": "boolean",
    ",": "double",
    "(": "big number",
    "=": "verbatim",
  };
  if (reply.kind === "|") return shape(reply.items[reply.items.length - 1]);
  if (names[reply.kind]) return `<${names[reply.kind]}>`;
  if (!reply.items || (!reply.items.length && reply.kind === "*")) return notation(reply);
  const kinds = [...new Set(reply.items.map(shape))].sort();
  return `<${NAMES[reply.kind][0]} of ${kinds.join(" or ")}>`;
};

/** The order of reply.rs's derived Ord: by kind, then by bytes or numbers, then by items. */
const ORDER = ["+", "-", ":", "$", "$-1", "*-1", "_", "#", ",", "(", "=", "*", "~", ">", "%", "|"];
const compare = (a, b) => {
  const kinds = ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind);
  if (kinds) return kinds;
  if (a.kind === ":") return Math.sign(Number(BigInt(a.text.toString()) - BigInt(b.text.toString())));
  if (a.text) return Buffer.compare(a.text, b.text);
  return compareAll(a.items ?? [], b.items ?? []);
};
const compareAll = (a, b) => {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compare(a[i], b[i]);
    if (order) return order;
  }
  return a.length - b.length;
};
const byTwo = (items) => items.flatMap((_, i) => (i % 2 ? [] : [[items[i], items[i + 1]]]));

/** Elements in one canonical order, at every depth. @param {Reply} reply @returns {Reply} */
export const sorted = (reply) => {
  if (!reply.items) return reply;
  const items = reply.items.map(sorted);
  if (reply.kind === "%") return { kind: "%", items: byTwo(items).sort(compareAll).flat() };
  return { ...reply, items: items.sort(compare) };
};

/** The same, the items of an array two by two. @param {Reply} reply @returns {Reply} */
export const sortedPairs = (reply) =>
  reply.kind === "*" && reply.items.length % 2 === 0
    ? { kind: "*", items: byTwo(reply.items).sort(compareAll).flat() }
    : sorted(reply);

/** A command line in redis-cli's quoting, as arguments. @param {string} line @returns {Buffer[]} */
export const split = (line) => {
  const bytes = Buffer.from(line);
  const out = [];
  const space = (b) => b === 32 || (b >= 9 && b <= 13);
  const named = { n: 10, r: 13, t: 9, a: 7, b: 8 };
  for (let i = 0; ;) {
    while (i < bytes.length && space(bytes[i])) i++;
    if (i >= bytes.length) return out;
    const arg = [];
    let open = 0;
    for (; i < bytes.length && (open || !space(bytes[i])); i++) {
      const b = bytes[i];
      if (!open && (b === 34 || b === 39)) open = b;
      else if (b === open) open = 0;
      else if (b === 92 && open === 34) {
        const hex = /^x[0-9a-fA-F]{2}/.exec(bytes.toString("latin1", i + 1, i + 4));
        arg.push(hex ? parseInt(hex[0].slice(1), 16) : (named[String.fromCharCode(bytes[i + 1])] ?? bytes[i + 1]));
        i += hex ? 3 : 1;
      } else if (b === 92 && open === 39 && bytes[i + 1] === 39) arg.push(bytes[++i]);
      else arg.push(b);
    }
    if (open) throw new Error(`a quote is left open: ${line}`);
    out.push(Buffer.from(arg));
  }
};
