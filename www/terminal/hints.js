/**
 * The grey rest of the syntax behind what has been typed, as redis-cli shows it, and what Tab can complete.
 *
 * A command's arguments are a tree: plain values, tokens, blocks (all of them) and choices (one of them), optional or
 * repeated. The words typed so far are matched against the tree; what stays unmatched is the hint. Neighbouring
 * optional arguments may come in any order.
 *
 * @import { Arg, Docs } from "./docs.js"
 */
import { split } from "./split.js";
import { toText } from "../resp.js";

/**
 * How far an argument has been matched. `words` counts them; `token` and `name` are its two parts; `all` says that
 * nothing of it is missing, `past` that later words have left it behind.
 * @typedef {{arg: Arg, subs: Match[], words: number, token: boolean, name: boolean, all: boolean, past: boolean}} Match
 */

/** @param {Arg} arg @returns {Match} */
const fresh = (arg) => ({
  arg,
  subs: arg.args.map(fresh),
  words: 0,
  token: false,
  name: false,
  all: false,
  past: false,
});

/** @param {Match} m */
function clear(m) {
  m.words = 0;
  m.token = m.name = m.all = false;
  m.subs.forEach(clear);
}

/** Numbers must look like numbers, at least at their beginning. */
const NUMERIC = /** @type {Record<string, RegExp>} */ ({
  integer: /^\s*[+-]?\d/,
  "unix-time": /^\s*[+-]?\d/,
  double: /^\s*[+-]?(\d|\.\d|inf|nan)/i,
});

/** The argument without its token. @param {Match} m @param {string[]} words @returns {number} words matched */
function matchBody(m, words) {
  const { arg } = m;
  if (arg.type === "block") {
    m.words += matchAll(m.subs, words);
    m.all = m.subs.every((s) => s.all);
    return m.words;
  }
  if (arg.type === "oneof") {
    for (const sub of m.subs) {
      if (matchOne(sub, words) === 0) continue;
      m.words += sub.words;
      m.all = sub.all;
      break;
    }
    return m.words;
  }
  if (NUMERIC[arg.type] && !NUMERIC[arg.type].test(words[0])) {
    m.words = 0;
    m.name = false;
    return 0;
  }
  m.words++;
  m.name = m.all = true;
  return m.words;
}

/** The argument once. @param {Match} m @param {string[]} words */
function matchOnce(m, words) {
  const { arg } = m;
  if (words.length === 0) return 0;
  if (!arg.token) return matchBody(m, words);
  if (arg.token.toUpperCase() !== words[0].toUpperCase()) return 0;
  m.token = true;
  m.words = 1;
  if (arg.type === "pure-token") {
    m.all = true;
    return 1;
  }
  if (words.length === 1) return 1;
  return matchBody(m, words.slice(1)) === 0 ? 0 : m.words;
}

/** The argument as often as it may stand. @param {Match} m @param {string[]} words */
function matchOne(m, words) {
  let total = matchOnce(m, words);
  if (!m.arg.multiple) return total;
  while (m.all && total < words.length) {
    clear(m);
    const rest = words.slice(total);
    let more = 0;
    if (m.arg.token && !m.arg.multipleToken) {
      // The token stands once, in front; the values follow.
      m.token = true;
      more = matchBody(m, rest);
    } else more = matchOnce(m, rest);
    if (more === 0) {
      // Nothing more of this kind: it stays as matched as it was.
      m.words = total;
      m.token = m.name = m.all = true;
      m.subs.forEach(function full(s) {
        s.words = Math.max(s.words, 1);
        s.token = s.name = s.all = true;
      });
      break;
    }
    total += more;
  }
  return total;
}

/** Neighbouring optional arguments, in any order. @param {Match[]} run @param {string[]} words */
function matchOptional(run, words) {
  let used = 0;
  /** @type {Match | undefined} */
  let last;
  while (used < words.length) {
    let found = 0;
    const hit = run.find((m) => m.words === 0 && (found = matchOne(m, words.slice(used))) > 0);
    if (!hit) break;
    // The one before is done with: a later word never returns to it.
    if (last) last.past = true;
    last = hit;
    used += found;
  }
  return used;
}

/** @param {Match[]} matches @param {string[]} words @returns {number} how many words found their place */
function matchAll(matches, words) {
  let used = 0;
  for (let i = 0; i < matches.length && used < words.length; i++) {
    if (matches[i].arg.optional) {
      let end = i;
      while (end < matches.length && matches[end].arg.optional) end++;
      used += matchOptional(matches.slice(i, end), words.slice(used));
      i = end - 1;
    } else {
      const found = matchOne(matches[i], words.slice(used));
      if (found === 0) break;
      used += found;
    }
  }
  return used;
}

/** @param {string} a @param {string} b @param {string} sep */
const glue = (a, b, sep) => (a && b ? a + sep + b : a + b);

/** @param {Match[]} matches @param {string} sep @returns {string} */
function hintAll(matches, sep) {
  let out = "";
  // What was left out before the last required argument that stands there cannot come any more.
  const from = Math.max(
    0,
    matches.findLastIndex((m) => m.words > 0 && !m.arg.optional),
  );
  for (let i = from; i < matches.length; i++) {
    if (!matches[i].arg.optional) {
      out = glue(out, hintOne(matches[i]), sep);
      continue;
    }
    // Among optional neighbours the one half typed comes first.
    let end = i;
    while (end < matches.length && matches[end].arg.optional) end++;
    const run = matches.slice(i, end);
    const half = run.find((m) => m.words > 0 && !m.past && hintOne(m));
    if (half) out = glue(out, hintOne(half), sep);
    for (const m of run) if (m !== half) out = glue(out, hintOne(m), sep);
    i = end - 1;
  }
  return out;
}

/** @param {Match} m @returns {string} */
function hintOne(m) {
  const { arg } = m;
  if (m.past) return "";
  if (m.all) return arg.multiple ? `[${again(arg)} ...]` : "";
  const bracket = arg.optional && m.words === 0;
  let out = "";
  if (arg.token && !m.token) out = arg.token;
  if (arg.type === "oneof") {
    const chosen = m.words > 0 && m.subs.filter((s) => s.words > 0);
    out = glue(out, chosen ? chosen.map(hintOne).join("") : hintAll(m.subs, "|"), " ");
  } else if (arg.type === "block") out = glue(out, hintAll(m.subs, " "), " ");
  else if (arg.type !== "pure-token" && !m.name) out = glue(out, arg.name, " ");
  if (arg.multiple) out = glue(out, `[${again(arg)} ...]`, " ");
  return bracket ? `[${out}]` : out;
}

/** What may be repeated: the argument afresh, its token only if that is repeated too. @param {Arg} arg */
function again(arg) {
  const once = { ...arg, multiple: false, optional: false, token: arg.multipleToken ? arg.token : "" };
  return hintOne(fresh(once));
}

/** A command's whole syntax. @param {Arg[]} args */
export const syntax = (args) => hintAll(args.map(fresh), " ");

/** @param {string} line @returns {string[] | null} the finished words of a line */
const wordsOf = (line) => split(line)?.map(toText) ?? null;

/**
 * @param {Docs} docs
 * @param {string} line what has been typed
 * @returns {string} "" where there is nothing to say
 */
export function hint(docs, line) {
  const words = wordsOf(line);
  if (!words || words.length === 0) return "";
  const found = docs.find(words);
  if (!found) return "";
  const open = !/\s$/.test(line);
  // The last word may still grow: it counts only once a blank follows.
  const typed = words.slice(found.used, open ? words.length - 1 : words.length);
  if (open && words.length <= found.used) return "";
  const matches = found.doc.args.map(fresh);
  if (matchAll(matches, typed) < typed.length) return "";
  const rest = hintAll(matches, " ");
  return rest && open ? ` ${rest}` : rest;
}

/**
 * What the last word of the line can become.
 * @param {Docs} docs
 * @param {string} line
 * @returns {string[]} whole lines; empty where there is nothing to complete
 */
export function complete(docs, line) {
  const cut = line.search(/\S*$/);
  const last = line.slice(cut);
  if (!last) return [];
  const before = wordsOf(line.slice(0, cut)) ?? [];
  const same =
    last === last.toLowerCase() && last !== last.toUpperCase()
      ? (/** @type {string} */ s) => s.toLowerCase()
      : (/** @type {string} */ s) => s;
  const upper = last.toUpperCase();
  return candidates(docs, before)
    .filter((c) => c.startsWith(upper) && c !== upper)
    .map((c) => line.slice(0, cut) + same(c));
}

/** Every word that may follow, in capitals. @param {Docs} docs @param {string[]} before */
function candidates(docs, before) {
  const names = [...docs.commands.keys()];
  const single = names.filter((n) => !n.includes(" "));
  if (before.length === 0) return [...single, "HELP", "CLEAR", "EXIT"].sort();
  if (before[0].toUpperCase() === "HELP") {
    const path = before.slice(1).join(" ").toUpperCase();
    if (!path) return [...single, ...docs.groups.map((g) => `@${g.toUpperCase()}`)];
    return names.filter((n) => n.startsWith(`${path} `)).map((n) => n.slice(path.length + 1));
  }
  const found = docs.find(before);
  if (!found) return [];
  const prefix = `${before[0]} `.toUpperCase();
  if (found.doc.container && before.length === 1)
    return names.filter((n) => n.startsWith(prefix)).map((n) => n.slice(prefix.length));
  const matches = found.doc.args.map(fresh);
  const typed = before.slice(found.used);
  if (matchAll(matches, typed) < typed.length) return [];
  return [...new Set(openTokens(matches))];
}

/** Tokens that could stand next. @param {Match[]} matches @returns {string[]} */
function openTokens(matches) {
  const out = [];
  for (const m of matches) {
    if (m.past || (m.all && !(m.arg.multiple && m.arg.multipleToken))) continue;
    if (m.arg.token && (!m.token || m.arg.multipleToken)) out.push(m.arg.token.toUpperCase());
    else if (m.arg.type === "block") out.push(...openTokens(m.subs));
    else if (m.arg.type === "oneof") out.push(...m.subs.flatMap((s) => openTokens([s])));
    // A missing value in between: no token can stand before it.
    if (!m.arg.optional && !m.all) break;
    if (m.words > 0 && !m.all) break;
  }
  return out;
}
