/**
 * What COMMAND DOCS says, as plain records: hints, completion and HELP read nothing else.
 *
 * @import { Reply } from "../resp.js"
 * @typedef {object} Arg
 * @prop {string} name what stands in the syntax
 * @prop {string} type
 * @prop {string} token "" when there is none
 * @prop {boolean} optional
 * @prop {boolean} multiple
 * @prop {boolean} multipleToken the token is repeated too
 * @prop {Arg[]} args of a block or a choice
 * @typedef {{name: string, summary: string, since: string, group: string, args: Arg[], container: boolean}} Doc
 */
import { textOf } from "../resp.js";

/**
 * A reply as plain data: maps, and flat lists of keys and values, as they come.
 * @param {Reply} r
 * @returns {any}
 */
function plain(r) {
  if (!("items" in r)) return textOf(r);
  if (r.type !== "map") return r.items.map(plain);
  /** @type {Record<string, any>} */
  const out = {};
  for (let i = 0; i < r.items.length; i += 2) out[textOf(r.items[i])] = plain(r.items[i + 1]);
  return out;
}

/** RESP2 sends a map as a flat list. @param {any} x @returns {Record<string, any>} */
function record(x) {
  if (!Array.isArray(x)) return x && typeof x === "object" ? x : {};
  /** @type {Record<string, any>} */
  const out = {};
  for (let i = 0; i + 1 < x.length; i += 2) out[x[i]] = x[i + 1];
  return out;
}

/** @param {any} raw @returns {Arg} */
function argOf(raw) {
  const a = record(raw);
  const flags = /** @type {string[]} */ (a.flags ?? []);
  return {
    name: a.display_text || a.name || "",
    type: a.type ?? "string",
    token: a.token || (a.type === "pure-token" ? `""` : ""),
    optional: flags.includes("optional"),
    multiple: flags.includes("multiple"),
    multipleToken: flags.includes("multiple_token"),
    args: (a.arguments ?? []).map(argOf),
  };
}

/** The table of every command and subcommand, by its name in capitals ("CONFIG GET"). */
export class Docs {
  /** @type {Map<string, Doc>} */
  commands = new Map();

  /** @param {any} raw the reply as plain data: name to record */
  constructor(raw = {}) {
    for (const [name, doc] of Object.entries(record(raw))) this.#add(name, record(doc));
  }

  /** @param {Reply} reply of COMMAND DOCS */
  static fromReply(reply) {
    return new Docs(plain(reply));
  }

  /** @param {string} name @param {Record<string, any>} doc */
  #add(name, doc) {
    const subs = Object.entries(record(doc.subcommands ?? {}));
    const full = name.toUpperCase().replace("|", " ");
    this.commands.set(full, {
      name: full,
      summary: doc.summary ?? "",
      since: doc.since ?? "",
      group: doc.group ?? "",
      args: (doc.arguments ?? []).map(argOf),
      container: subs.length > 0,
    });
    for (const [sub, subDoc] of subs) this.#add(sub.includes("|") ? sub : `${name}|${sub}`, record(subDoc));
  }

  /**
   * The command that the words begin with, subcommands first.
   * @param {string[]} words
   * @returns {{doc: Doc, used: number} | null}
   */
  find(words) {
    const two = words.length > 1 && this.commands.get(`${words[0]} ${words[1]}`.toUpperCase());
    if (two) return { doc: two, used: 2 };
    const one = words.length > 0 && this.commands.get(words[0].toUpperCase());
    return one ? { doc: one, used: 1 } : null;
  }

  get groups() {
    return [...new Set([...this.commands.values()].map((d) => d.group).filter(Boolean))].sort();
  }
}
