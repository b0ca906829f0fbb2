/**
 * Saved runs: where a world began, what was done to it, and at which events. That is all that is needed to have the run again,
 * event by event. A run is a file, or, if it is short, the end of an address: `#s=1.` and the file's text, deflated and in
 * base64url.
 *
 * Nothing in it runs by itself: whoever opens one is told what it holds first. What the acts mean is checked by the engine
 * (src/lab/acts.rs) when they are done.
 *
 * @typedef {[number, number, Record<string, any>]} Act events that had happened, µs since the start, what was done
 * @typedef {object} Trace
 * @prop {"run"} redlab
 * @prop {1} v
 * @prop {string} preset the world that it began as: for its title and its drawing
 * @prop {string} seed
 * @prop {number} start_ms where its clock began, ms since 1970
 * @prop {number} shown_ms when it was first seen, ms since 1970
 * @prop {Act[]} acts
 * @prop {[number, number]} end how far it went: events, and µs since the start
 * @prop {string | null} hash of all events up to there
 */

/** Longest text of a run, and longest end of an address, in characters. */
export const FILE_MOST = 8_000_000;
export const LINK_MOST = 8192;
/** What nearly every link is shorter than, so that it passes through chats and mail. */
export const LINK_GOOD = 2000;
/** Most acts, most events, and the longest time of a run, µs. */
const ACTS_MOST = 50_000;
const EVENTS_MOST = 5_000_000;
const US_MOST = 86_400_000_000;
const START = "#s=1.";

const isCount = (/** @type {any} */ n, /** @type {number} */ most) => Number.isSafeInteger(n) && n >= 0 && n <= most;

/** Ends reading with what is wrong. @param {string} words @returns {never} */
function wrong(words) {
  throw new Error(words);
}

/**
 * A run out of its text.
 *
 * @param {string} text @returns {Trace}
 * @throws {Error} in words, what is wrong with it
 */
export function readTrace(text) {
  if (text.length > FILE_MOST) wrong("it is longer than any saved run");
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return wrong("it is no JSON");
  }
  if (data?.redlab !== "run") wrong("it is no saved run");
  if (data.v !== 1) wrong(`it is of version ${JSON.stringify(data.v)}, and this lab reads version 1`);
  const { preset, seed, start_ms, shown_ms, acts, end, hash } = data;
  if (typeof preset !== "string" || !/^[\w-]{1,64}$/.test(preset)) wrong("preset: expected a name");
  if (typeof seed !== "string" || !/^\d{1,20}$/.test(seed) || BigInt(seed) >= 1n << 64n)
    wrong("seed: expected a number of 64 bits");
  if (!isCount(start_ms, 8e15)) wrong("start_ms: expected a moment");
  if (!isCount(Math.round(shown_ms - start_ms), US_MOST / 1000)) wrong("shown_ms: expected a moment after the start");
  if (!Array.isArray(acts) || acts.length > ACTS_MOST) wrong(`acts: expected a list of ${ACTS_MOST} at most`);
  let last = [0, 0];
  [...acts, end].forEach((act, i) => {
    const where = i === acts.length ? "end" : `acts[${i}]`;
    if (!Array.isArray(act) || act.length !== (i === acts.length ? 2 : 3))
      wrong(`${where}: expected events, time${i === acts.length ? "" : " and what was done"}`);
    const [event, us, what] = act;
    if (!isCount(event, EVENTS_MOST) || !isCount(us, US_MOST))
      wrong(`${where}: a run has ${EVENTS_MOST} events at most, and lasts a day at most`);
    if (event < last[0] || us < last[1]) wrong(`${where}: it is earlier than what stands before it`);
    if (i < acts.length && (typeof what?.act !== "string" || what.act.length > 32))
      wrong(`${where}: it does not say what was done`);
    last = [event, us];
  });
  if (hash !== null && (typeof hash !== "string" || !/^[0-9a-f]{16}$/.test(hash)))
    wrong("hash: expected 16 hexadecimal digits");
  return { redlab: "run", v: 1, preset, seed, start_ms, shown_ms, acts, end, hash };
}

const FAULTS = [
  "hand",
  "kill",
  "power_off",
  "pause",
  "partition",
  "jump",
  "lose",
  "delay",
  "slow",
  "disk_speed",
  "disk_room",
  "disk_fails",
  "flip",
];

/** What is in a run, in words. @param {Trace} trace */
export function describeTrace({ acts, shown_ms, start_ms, end }) {
  const made = (/** @type {string} */ kind) => acts.filter(([, , { act }]) => act === kind).length;
  const shown_us = (shown_ms - start_ms) * 1000;
  const faults = acts.filter(
    ([, us, { act, cut }]) => FAULTS.includes(act) || (act === "link" && us > shown_us && cut === true),
  ).length;
  const some = (/** @type {number} */ n, /** @type {string} */ one, many = `${one}s`) =>
    n ? [`${n} ${n === 1 ? one : many}`] : [];
  const programs = acts.filter(([, , { act }]) => act === "app").length;
  const parts = [
    ...some(made("add"), "machine"),
    ...some(made("database"), "database"),
    ...some(programs, "program"),
    ...some(made("load"), "group of clients", "groups of clients"),
    ...some(made("send"), "command"),
    ...some(faults, "fault"),
  ];
  const seconds = Math.max(0, (end[1] - shown_us) / 1e6);
  return `${parts.join(", ") || "nothing"}; ${seconds.toFixed(1)} s, ${end[0]} events`;
}

/** The machines of a run, by name. @param {Trace} trace */
export const machinesOf = (trace) =>
  trace.acts.filter(([, , { act }]) => act === "add").map(([, , { name }]) => String(name));

/** All of a stream, but not more than `most` bytes. @param {ReadableStream<Uint8Array>} stream @param {number} most */
async function gather(stream, most) {
  const reader = stream.getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      wrong("it is longer than any saved run");
    }
    parts.push(value);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {Uint8Array} bytes @param {TransformStream} way */
const through = (bytes, way) => new Blob([/** @type {any} */ (bytes)]).stream().pipeThrough(way);

/**
 * The end of an address that holds a run.
 *
 * @param {Trace} trace @returns {Promise<string>}
 * @throws {Error} if it would be too long
 */
export async function traceLink(trace) {
  const bytes = new TextEncoder().encode(JSON.stringify(trace));
  const packed = await gather(through(bytes, new CompressionStream("deflate-raw")), FILE_MOST);
  if (packed.length * 1.34 > LINK_MOST) wrong("the run is too long for a link: save it as a file");
  const text = btoa(String.fromCharCode(...packed));
  return START + text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Whether the end of an address holds a run, of any version. @param {string} hash */
export const isTraceLink = (hash) => hash.startsWith("#s=");

/**
 * The run in the end of an address.
 *
 * @param {string} hash @returns {Promise<Trace>}
 * @throws {Error} in words, what is wrong with it
 */
export async function readTraceLink(hash) {
  if (!hash.startsWith(START)) wrong("the link is of another version");
  if (hash.length > 2 * LINK_MOST) wrong("the link is longer than any that this lab makes");
  const text = hash.slice(START.length).replaceAll("-", "+").replaceAll("_", "/");
  let unpacked;
  try {
    const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    unpacked = await gather(through(packed, new DecompressionStream("deflate-raw")), FILE_MOST);
  } catch (e) {
    const long = e instanceof Error && e.message.startsWith("it is longer");
    return wrong(
      long ? "it is longer than any saved run" : "the link is not whole: some of it was lost or changed on the way",
    );
  }
  return readTrace(new TextDecoder().decode(unpacked));
}
