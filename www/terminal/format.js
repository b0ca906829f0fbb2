/**
 * Replies as redis-cli shows them on a terminal, to the letter (tests/terminal/recorded.json holds what a real one
 * printed). The result is text with one line feed after each line, never markup.
 *
 * @import { Reply, List } from "../resp.js"
 */
import { toText } from "../resp.js";

const ESCAPES = /** @type {Record<number, string>} */ ({
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
});

/**
 * Bytes in double quotes; what is not printable ASCII is escaped. Typed back at the prompt it gives the same bytes.
 * @param {Uint8Array} bytes
 */
export function quote(bytes) {
  let out = '"';
  for (const b of bytes) {
    out += ESCAPES[b] ?? (b >= 32 && b < 127 ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, "0")}`);
  }
  return `${out}"`;
}

/** Words for an empty list, and the mark after an element's number. */
const EMPTY = {
  array: "(empty array)",
  map: "(empty hash)",
  set: "(empty set)",
  push: "(empty push)",
  attribute: "(empty hash)",
};
const MARK = { array: ")", map: "#", set: "~", push: ")", attribute: "#" };

/**
 * @param {Reply} reply
 * @param {string} [prefix] what stands left of every line but the first: the indentation of a list within a list
 * @param {number} [from] of a list: the first row that is wanted
 * @param {number} [to] of a list: the row after the last
 * @returns {string}
 */
export function format(reply, prefix = "", from = 0, to = Infinity) {
  switch (reply.type) {
    case "error":
      return `(error) ${toText(reply.bytes)}\n`;
    case "status":
    case "verbatim":
      return `${toText(reply.bytes)}\n`;
    case "string":
      return `${quote(reply.bytes)}\n`;
    case "integer":
      return `(integer) ${reply.text}\n`;
    case "double":
      return `(double) ${reply.text}\n`;
    case "bignum":
      return `(big number) ${reply.text}\n`;
    case "bool":
      return reply.value ? "(true)\n" : "(false)\n";
    case "nil":
      return "(nil)\n";
    default:
      return formatList(reply, prefix, from, to);
  }
}

/** Columns of indentation after which a list is not unfolded any more: it bounds the recursion. */
const DEEPEST = 1500;

/** @param {List} list */
export const rowsOf = (list) => (inPairs(list) ? list.items.length / 2 : list.items.length);
/** @param {List} list */
const inPairs = (list) => list.type === "map" || list.type === "attribute";

/** @param {List} list @param {string} prefix @param {number} from @param {number} to */
function formatList(list, prefix, from, to) {
  const { items, type } = list;
  if (items.length === 0) return `${EMPTY[type]}\n`;
  const pairs = inPairs(list);
  const rows = rowsOf(list);
  const width = String(rows).length;
  const inner = prefix + " ".repeat(width + 2);
  if (inner.length > DEEPEST) return "(nested too deeply to show)\n";
  const out = [];
  for (let row = from; row < Math.min(rows, to); row++) {
    const number = `${row === 0 ? "" : prefix}${String(row + 1).padStart(width)}${MARK[type]} `;
    if (pairs) {
      const value = items[row * 2 + 1];
      const key = format(items[row * 2], inner).slice(0, -1);
      const text = format(value, inner);
      // A list that takes several lines starts on a line of its own.
      const gap = "items" in value && text.indexOf("\n") < text.length - 1 ? `\n${inner}` : "";
      out.push(`${number}${key} => ${gap}${text}`);
    } else out.push(number + format(items[row], inner));
  }
  return out.join("");
}

/**
 * A reply without quotes and types: for commands that answer with a page of text.
 * @param {Reply} reply
 * @returns {string}
 */
export function formatRaw(reply) {
  switch (reply.type) {
    case "nil":
      return "";
    case "bool":
      return reply.value ? "(true)" : "(false)";
    case "integer":
    case "double":
    case "bignum":
      return reply.text;
    case "error":
      return `${toText(reply.bytes)}\n`;
    case "status":
    case "string":
    case "verbatim":
      return toText(reply.bytes);
    case "map": {
      const out = [];
      for (let i = 0; i < reply.items.length; i += 2)
        out.push(`${formatRaw(reply.items[i])} ${formatRaw(reply.items[i + 1])}`);
      return out.join("\n");
    }
    default:
      return reply.items.map(formatRaw).join("\n");
  }
}

/** Commands, and commands with a first argument, whose replies are pages of text. */
const PAGES = new Map([
  ["INFO", null],
  ["LOLWUT", null],
  ["DEBUG", ["HTSTATS", "HTSTATS-KEY", "CLIENT-EVICTION"]],
  ["MEMORY", ["MALLOC-STATS", "DOCTOR"]],
  ["CLUSTER", ["NODES", "INFO"]],
  ["CLIENT", ["LIST", "INFO"]],
  ["LATENCY", ["GRAPH", "DOCTOR"]],
  ["PROXY", ["INFO"]],
]);

/**
 * Whether the command's reply is shown as it is.
 * @param {string[]} argv
 */
export function isPage(argv) {
  const subs = PAGES.get(argv[0]?.toUpperCase());
  if (subs === null) return true;
  return subs !== undefined && argv.length > 1 && subs.includes(argv[1].toUpperCase());
}

/**
 * @param {Reply} reply
 * @param {string[]} argv the command, as text
 */
export function formatFor(reply, argv) {
  if (!isPage(argv)) return format(reply);
  const text = formatRaw(reply).replaceAll("\r\n", "\n");
  return text.endsWith("\n") ? text : `${text}\n`;
}
