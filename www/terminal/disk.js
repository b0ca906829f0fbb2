/**
 * What a learner may do to the machine under the server: cut its power, fill or slow down its disk, turn a bit over, run the
 * check tools. Typed as `:crash` and the like, which redis-cli would take for its own commands.
 *
 * @import { World } from "../protocol.js"
 */

/** What a disk is like, by a word: bytes, µs, bytes a second. @type {Record<string, {says: string, set: [string, number][]}>} */
const DISKS = {
  full: { says: "The disk is full: not a byte more fits.", set: [["capacity", 1]] },
  slow: {
    says: "The disk is slow: an fsync takes half a second.",
    set: [
      ["flush_us", 500_000],
      ["bytes_per_s", 1_000_000],
    ],
  },
  broken: {
    says: "The next ten writes and fsyncs fail.",
    set: [
      ["writes", 10],
      ["syncs", 10],
    ],
  },
  well: {
    says: "The disk is well again.",
    set: [
      ["capacity", 1 << 29],
      ["flush_us", 1000],
      ["bytes_per_s", 500_000_000],
      ["writes", 0],
      ["syncs", 0],
    ],
  },
};

const USAGE =
  ":start | :crash [BYTES that were torn off the write at work] | :disk full|slow|broken|well | :disk | :flip FILE OFFSET [BIT] | " +
  ":check FILE [--fix | --truncate-to-timestamp SECONDS]";

/** Whole numbers only. @param {string | undefined} word @param {number} otherwise */
const number = (word, otherwise) => (word === undefined ? otherwise : /^\d{1,9}$/.test(word) ? Number(word) : NaN);

/**
 * What to say after a line that begins with a colon: of one that is none, which there are. `host`: the one that the terminal is for.
 * @param {World} world @param {string[]} words @param {string} host @returns {Promise<string>}
 */
export function diskCommand(world, [name, ...args], host) {
  if (world.hand) return byHand(world, name.toLowerCase(), args, host);
  const run = { ":start": start, ":crash": crash, ":disk": disk, ":flip": flip, ":check": check }[name.toLowerCase()];
  return run ? run(world, args).catch((/** @type {Error} */ e) => e.message) : Promise.resolve(USAGE);
}

/** What is said after something was done to one of several machines. @type {Record<string, (...names: string[]) => string>} */
const DONE = {
  ":kill": (n) => `The server on ${n} was killed.`,
  ":crash": (n) => `${n} has no power any more.`,
  ":start": (n) => `${n} was started, if it did not run.`,
  ":pause": (n) => `${n} stands still.`,
  ":resume": (n) => `${n} goes on.`,
  ":cut": (a, b) => `Nothing passes between ${a} and ${b} any more.`,
  ":isolate": (n) => `Nothing passes between ${n} and the others any more.`,
  ":disk": (n, what) => `${n}: ${DISKS[what]?.says ?? "its disk is another one now."}`,
  ":flip": (n, file, at) =>
    `${n}: a bit of byte ${at} of ${file} was turned over. Its server reads it when it starts again.`,
};
/** Those whose machine may be left out: it is the terminal's own. */
const ONE = [...Object.keys(DONE), ":jump"];

/**
 * Of several machines one has to be named; without a name it is the terminal's own.
 * @param {World} world @param {string} name @param {string[]} args @param {string} host
 */
async function byHand(world, name, args, host) {
  const { hosts, apps, databases } = /** @type {any} */ (world).state.model;
  const places = [...hosts, ...apps, ...databases].map((place) => place.name);
  // A name that nobody has is told as such, where a name is all that there can be.
  const named = places.includes(args[0]) || (args.length > 0 && ![":crash", ":disk", ":flip", ":jump"].includes(name));
  const full =
    name === ":cut" && args.length === 1 ? [host, ...args] : named || !ONE.includes(name) ? args : [host, ...args];
  if (name === ":disk" && full.length === 1) return filesOf(hosts.find((/** @type {any} */ h) => h.name === full[0]));
  try {
    await world.hand?.([name, ...full].join(" "));
  } catch (e) {
    return /** @type {Error} */ (e).message;
  }
  return DONE[name]?.(...full) ?? "Done.";
}

/** What is on a machine's disk. @param {any} host of the model of a world */
const filesOf = ({ name, disk }) =>
  disk?.files.map((/** @type {any} */ f) => `${f.path}  ${f.platter} bytes on the platter`).join("\n") ||
  `${name} has no files.`;

/** @param {World} world @param {string[]} args */
async function crash(world, [torn]) {
  const bytes = number(torn, 0);
  if (Number.isNaN(bytes)) return USAGE;
  await world.crash(bytes);
  return "The power was cut, and is back.";
}

/** @param {World} world */
async function start(world) {
  await world.restart();
  return "The server was ended and started again, with the machine left on.";
}

/** @param {World} world @param {string[]} args */
async function disk(world, [what]) {
  if (what === undefined) {
    const files = await world.disk();
    return files.map(([name, bytes, platter]) => `${name}  ${bytes} bytes, ${platter} on the platter`).join("\n");
  }
  const word = what.toLowerCase();
  const { says, set } = Object.hasOwn(DISKS, word) ? DISKS[word] : { says: USAGE, set: [] };
  for (const [key, value] of set) await world.setDisk(key, value);
  return says;
}

/** @param {World} world @param {string[]} args */
async function flip(world, [file, offset, bit]) {
  const [at, which] = [number(offset, NaN), number(bit, 0)];
  if (!file || Number.isNaN(at) || !(which < 8)) return USAGE;
  return (await world.flip(file, at, which))
    ? `A bit of byte ${at} was turned over. The server reads it when it starts again.`
    : "There is no such byte on the platter.";
}

/** @param {World} world @param {string[]} args as the tools take them, or the file first */
async function check(world, args) {
  const words = [...args];
  let repair = "";
  const option = words.findIndex((word) => word.startsWith("--"));
  if (option >= 0) {
    const [name, second] = words.splice(option, words[option] === "--fix" ? 1 : 2);
    repair = name === "--fix" ? "fix" : second;
    if (name !== "--fix" && !(name === "--truncate-to-timestamp" && /^\d{1,12}$/.test(second))) return USAGE;
  }
  if (words.length !== 1) return USAGE;
  const { text, cut } = await world.check(words[0], repair);
  return text.trimEnd() + (cut ? "\nThe server reads what is left when it starts again: :crash" : "");
}
