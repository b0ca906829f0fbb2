/**
 * HELP as redis-cli prints it: of a command, of a @group, and in general.
 *
 * @import { Doc, Docs } from "./docs.js"
 * @typedef {{text: string, cls?: "name" | "dim"}[]} HelpLine
 */
import { syntax } from "./hints.js";

/** @param {Doc} doc @param {boolean} group @returns {HelpLine[]} */
function entry(doc, group) {
  /** @type {HelpLine[]} */
  const lines = [
    [],
    [{ text: "  " }, { text: doc.name, cls: "name" }, { text: ` ${syntax(doc.args)}`, cls: "dim" }],
    [{ text: "  " }, { text: "summary:", cls: "dim" }, { text: ` ${doc.summary}` }],
    [{ text: "  " }, { text: "since:", cls: "dim" }, { text: ` ${doc.since}` }],
  ];
  if (group) lines.push([{ text: "  " }, { text: "group:", cls: "dim" }, { text: ` ${doc.group}` }]);
  return lines;
}

/** @param {Docs} docs @param {string} version @returns {HelpLine[]} */
const general = (docs, version) =>
  [
    `redlab ${version}`,
    "To get help about Redis commands type:",
    '      "help @<group>" to get a list of commands in <group>',
    '      "help <command>" for help on <command>',
    '      "help <tab>" to get a list of possible help topics',
    '      "quit" to exit',
    "",
    "To set preferences:",
    '      ":set hints" enable online hints',
    '      ":set nohints" disable online hints',
    ...(docs.groups.length ? ["", `Groups: ${docs.groups.map((g) => `@${g}`).join(" ")}`] : []),
  ].map((text) => [{ text }]);

/**
 * @param {Docs} docs
 * @param {string[]} topic the words after HELP
 * @param {string} version of the engine
 * @returns {HelpLine[]}
 */
export function help(docs, topic, version) {
  if (topic.length === 0) return general(docs, version);
  const all = [...docs.commands.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (topic[0].startsWith("@")) {
    const group = topic[0].slice(1).toLowerCase();
    return [...all.filter((d) => d.group === group).flatMap((d) => entry(d, false)), []];
  }
  const name = topic.join(" ").toUpperCase();
  return [...all.filter((d) => d.name === name || d.name.startsWith(`${name} `)).flatMap((d) => entry(d, true)), []];
}
