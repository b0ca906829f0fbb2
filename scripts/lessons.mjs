// Lessons: YAML and Markdown in, checked plain data out. Every complaint names its file and line.
//   node scripts/lessons.mjs      prints all lessons as JSON (the native tests read it)
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fromMarkdown } from "mdast-util-from-markdown";
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { globSync } from "./glob.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const HOME = join(root, "www/lessons");

export class LessonError extends Error {}

/**
 * The schema, as one function a kind of value: it gets a YAML node and `fail`. The engine's own types (src/lab/lesson.rs)
 * say the same once more, strictly; this one is here for the line numbers.
 * @typedef {(node: any, fail: (node: any, why: string) => void) => void} Shape
 */

/** @param {string} words @param {(value: any) => boolean} good @returns {Shape} */
const scalar = (words, good) => (node, fail) => {
  if (!isScalar(node) || !good(node.value)) fail(node, `expected ${words}`);
};
const text = scalar("a text", (v) => typeof v === "string" && v !== "");
const slug = scalar("lower-case letters, digits and hyphens", (v) => /^[a-z][a-z0-9-]*$/.test(v));
const view = scalar("the name of a view, as its file www/views/<name>.view.js has it", (v) =>
  existsSync(join(root, `www/views/${v}.view.js`)),
);
const flag = scalar("true or false", (v) => typeof v === "boolean");
const number = scalar("a number", (v) => typeof v === "number");
const count = scalar("a whole number, not negative", (v) => Number.isSafeInteger(v) && v >= 0);
/** @param {...any} values */
const word = (...values) => scalar(values.join(", "), (v) => values.includes(v));

/** @param {Shape} item @param {number} [least] @returns {Shape} */
const list =
  (item, least = 1) =>
  (node, fail) => {
    if (!isSeq(node)) return fail(node, "expected a list");
    if (node.items.length < least) fail(node, "the list is empty");
    for (const x of node.items) item(x, fail);
  };

/** @param {Record<string, Shape>} needed @param {Record<string, Shape>} [optional] @param {string[]} [oneOf] @returns {Shape} */
const record =
  (needed, optional = {}, oneOf = []) =>
  (node, fail) => {
    if (!isMap(node)) return fail(node, "expected fields");
    const fields = { ...needed, ...optional };
    const seen = new Set();
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      seen.add(name);
      if (fields[name]) fields[name](value ?? key, fail);
      else fail(key, `unknown field '${name}'; known: ${Object.keys(fields).join(", ")}`);
    }
    for (const name of Object.keys(needed)) if (!seen.has(name)) fail(node, `'${name}' is missing`);
    if (oneOf.length && oneOf.filter((name) => seen.has(name)).length !== 1)
      fail(node, `one of ${oneOf.join(", ")} must be given, and only one`);
  };

/** @param {Shape} one @param {Shape} many @returns {Shape} */
const either = (one, many) => (node, fail) => (isSeq(node) || isMap(node) ? many(node, fail) : one(node, fail));

/** A reply, nested as deep as it likes. @type {Shape} */
const reply = (node, fail) => {
  if (isSeq(node)) for (const x of node.items) reply(x, fail);
  else if (!isScalar(node) || (node.value !== null && !["string", "number"].includes(typeof node.value)))
    fail(node, "expected a text, a number, or a list of them with null for nil; a nil alone is `type: nil`");
};

const on = { on: slug };
const kind = word("integer", "string", "array", "nil", "error");
const names = either(text, list(text));
const probe = record(
  { run: text },
  { ...on, db: count, equals: reply, contains: list(reply), min: number, max: number, matches: text, type: kind },
);
const range = record({}, { min: count, max: count });
const key = record({ name: text }, { ...on, db: count, exists: flag, type: text, encoding: text, ttl_ms: range });
const file = record(
  { name: text },
  { ...on, exists: flag, contains: text, sound: flag, bytes: range, unsynced: range },
);
const ran = record({ cmd: names }, { ...on, args: list(text, 0), answers: reply });
const log = record(
  {},
  {
    ...on,
    cmd: names,
    args: list(text, 0),
    answers: reply,
    type: kind,
    error: text,
    min: count,
    max: count,
    order: list(ran, 2),
  },
);
const atMost = either(count, range);
const repl = record(
  { node: slug },
  {
    role: word("primary", "replica"),
    of: slug,
    up: flag,
    lag_bytes: atMost,
    lag_ms: atMost,
    replicas: range,
    full_syncs: range,
    partial_syncs: range,
  },
);
const history = record(
  { of: text },
  {
    ...on,
    acknowledged: range,
    lost: range,
    errors: range,
    unanswered: range,
    timeouts: range,
    switches: range,
    mean_ms: range,
    longest_ms: range,
  },
);
/** @type {Record<string, Shape>} */
const kinds = {
  probe,
  key,
  file,
  repl,
  log,
  history,
  never: (n, f) => stretch(n, f),
  always: (n, f) => stretch(n, f),
  all: (n, f) => list(predicate)(n, f),
  any: (n, f) => list(predicate)(n, f),
  not: (n, f) => predicate(n, f),
};
const predicate = record({}, kinds, Object.keys(kinds));
/** A predicate, and when it is to hold. @type {Shape} */
const stretch = (node, fail) =>
  record({}, { ...kinds, from: slug, until: slug, for_ms: count }, Object.keys(kinds))(node, fail);
const STEPS = ["nudge", "concept", "command", "solution"];

const lines = list(text, 0);
const place = record({}, { replica_of: slug, delay_ms: number, disk: lines, config: lines });
const way = record(
  { between: list(slug, 2) },
  { delay_ms: number, jitter_ms: number, loss_percent: number, bytes_per_s: count },
);
/** What an act needs besides its name the engine knows (src/lab/acts.rs). @type {Shape} */
const act = (node, fail) => {
  if (!isMap(node) || !node.has("act")) fail(node, "expected an act: its name as `act`, and its fields");
};
const deed = record({ do: list(act) }, { at_ms: count, after_goal: slug, after: ran, wait_ms: count }, [
  "at_ms",
  "after_goal",
  "after",
]);

const lesson = record(
  {
    id: slug,
    schema: word(1),
    seed: count,
    topology: (node, fail) => {
      if (!isMap(node)) return fail(node, "expected nodes by name");
      for (const { key: name, value } of node.items) {
        slug(name, fail);
        either(word("primary"), place)(value, fail);
      }
    },
    goals: list(record({ id: slug }, kinds, Object.keys(kinds))),
    solutions: list(list(either(text, record({ optional: text })))),
  },
  {
    links: list(way),
    acts: list(deed),
    setup: list(record({ on: slug, run: text })),
    meanwhile: list(record({ on: slug, after: ran, run: list(text) }, { times: count })),
    forbid: list(text),
    hints: list(word(...STEPS)),
    wrong: list(record({ name: text, run: list(text), fails: slug }, { replaces: text })),
    views: list(view),
  },
);

/** @param {string} file */
const shown = (file) => relative(root, file).replaceAll("\\", "/");

/** @param {string} file */
function readYaml(file) {
  const lines = new LineCounter();
  const doc = parseDocument(readFileSync(file, "utf8"), { lineCounter: lines });
  /** @type {string[]} */
  const complaints = [];
  const at = (/** @type {number} */ offset) => `${shown(file)}:${lines.linePos(offset).line}`;
  for (const e of doc.errors) complaints.push(`${at(e.pos[0])}: ${e.message.split("\n")[0]}`);
  if (!complaints.length) lesson(doc.contents, (node, why) => complaints.push(`${at(node?.range?.[0] ?? 0)}: ${why}`));
  if (complaints.length) throw new LessonError(complaints.join("\n"));
  return doc.toJS();
}

/** One inline node as plain data. @param {any} n @param {(n: any, why: string) => never} fail @returns {any} */
function inline(n, fail) {
  const kids = () => n.children.map((/** @type {any} */ c) => inline(c, fail));
  switch (n.type) {
    case "text":
      return n.value.replace(/\s+/g, " ");
    case "break":
      return " ";
    case "inlineCode":
      return { t: "code", v: n.value };
    case "emphasis":
      return { t: "em", c: kids() };
    case "strong":
      return { t: "strong", c: kids() };
    case "link":
      if (!/^(https:\/\/|#)/.test(n.url)) fail(n, `a link to ${n.url}: only https and # are allowed`);
      return { t: "a", href: n.url, c: kids() };
  }
  return fail(n, `'${n.type}' is not used in lessons`);
}

/** One block as plain data. @param {any} n @param {(n: any, why: string) => never} fail @returns {any} */
function block(n, fail) {
  switch (n.type) {
    case "paragraph":
      return { t: "p", c: n.children.map((/** @type {any} */ c) => inline(c, fail)) };
    case "code":
      return { t: "pre", v: n.value, ...(n.lang === "redis" ? { run: true } : {}) };
    case "list":
      return {
        t: n.ordered ? "ol" : "ul",
        c: n.children.map((/** @type {any} */ item) => item.children.map((/** @type {any} */ c) => block(c, fail))),
      };
  }
  return fail(n, `'${n.type}' is not used here`);
}

/**
 * The prose: `# title`, the text, and a `## id` for each goal: its words, then the hints as a numbered list. What stands
 * under `## after` is shown at the end.
 * @param {string} file @param {any} data
 */
function readProse(file, data) {
  const tree = fromMarkdown(readFileSync(file, "utf8"));
  const fail = (/** @type {any} */ n, /** @type {string} */ why) => {
    throw new LessonError(`${shown(file)}:${n?.position?.start.line ?? 1}: ${why}`);
  };
  /** @type {{name: string, node: any, nodes: any[]}[]} */
  const sections = [];
  let title = "";
  for (const n of /** @type {any[]} */ (tree.children)) {
    if (n.type === "heading") {
      const words = n.children.map((/** @type {any} */ c) => c.value ?? "").join("");
      if (n.depth === 1) title ||= words;
      else if (n.depth !== 2) fail(n, "headings are # for the title and ## for goals");
      sections.push({ name: n.depth === 1 ? "" : words, node: n, nodes: [] });
    } else if (!sections.length) fail(n, "the title comes first: # Title");
    else sections[sections.length - 1].nodes.push(n);
  }
  if (!title) fail(null, "no title: # Title");
  const blocks = (/** @type {any[]} */ nodes) => nodes.map((n) => block(n, fail));
  /** @type {Record<string, {text: any[], hints: any[]}>} */
  const goals = {};
  const steps = data.hints ?? [];
  for (const { name, node, nodes } of sections.filter((s) => s.name && s.name !== "after")) {
    if (!data.goals.some((/** @type {any} */ g) => g.id === name)) fail(node, `no goal '${name}' in lesson.yaml`);
    const hints = nodes.find((n) => n.type === "list" && n.ordered);
    if ((hints?.children.length ?? 0) !== steps.length)
      fail(hints ?? node, `goal '${name}' needs ${steps.length} hints, numbered: ${steps.join(", ")}`);
    goals[name] = {
      text: blocks(nodes.filter((n) => n !== hints)),
      hints: (hints?.children ?? []).map((/** @type {any} */ item) => blocks(item.children)),
    };
  }
  for (const g of data.goals) if (!goals[g.id]) fail(null, `no section '## ${g.id}' for the goal`);
  const of = (/** @type {string} */ name) => blocks(sections.find((s) => s.name === name)?.nodes ?? []);
  return { title, prose: of(""), goals, after: of("after") };
}

/** Whether it plays in a world with links and a timeline, and not on one node alone: as the engine decides it. @param {any} data */
const isWorld = ({ topology, links, acts }) => Object.keys(topology).length > 1 || Boolean(links || acts);

/** @param {string} file a lesson.yaml */
export function compileLesson(file) {
  const data = readYaml(file);
  const folder = dirname(file);
  const prose = join(folder, "en.md");
  if (!existsSync(prose)) throw new LessonError(`${shown(folder)}: en.md is missing`);
  const track = basename(dirname(folder)).replace(/^\d+-/, "");
  return { track, world: isWorld(data), ...readProse(prose, data), data };
}

/** What the page gets: the tests alone need the solutions and the mistakes. @param {ReturnType<typeof compileLesson>} lesson */
export function withoutAnswers(lesson) {
  const { solutions, wrong, ...data } = lesson.data;
  return { ...lesson, data };
}

/** All lessons, in the order of their folders. @param {string} [home] */
export function compileAll(home = HOME) {
  const files = globSync(home, "lesson.yaml");
  const all = files.map((file) => ({ file, lesson: compileLesson(file) }));
  const ids = new Map();
  for (const { file, lesson: l } of all) {
    if (ids.has(l.data.id))
      throw new LessonError(`${shown(file)}: the id '${l.data.id}' is also that of ${shown(ids.get(l.data.id))}`);
    ids.set(l.data.id, file);
  }
  return all;
}

/** For Vite: `virtual:lessons` lists the lessons, each loaded when it is opened. @returns {import("vite").Plugin} */
export function lessons() {
  const name = "virtual:lessons";
  return {
    name: "lessons",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id === `\0${name}`) {
        // Vite's server resolves what is watched as it does imports, and a folder is none.
        for (const entry of readdirSync(HOME, { recursive: true, withFileTypes: true }))
          if (entry.isFile()) this.addWatchFile(join(entry.parentPath, entry.name));
        const rows = compileAll().map(
          ({ file, lesson: l }) =>
            `{ id: ${JSON.stringify(l.data.id)}, title: ${JSON.stringify(l.title)}, track: ${JSON.stringify(l.track)}, load: () => import(${JSON.stringify(`/${shown(file)}`)}).then((m) => m.default) }`,
        );
        return `export const lessons = [${rows.join(",\n")}];`;
      }
      if (basename(id) === "lesson.yaml") {
        this.addWatchFile(join(dirname(id), "en.md"));
        return `export default ${JSON.stringify(withoutAnswers(compileLesson(id)))};`;
      }
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(JSON.stringify(compileAll().map(({ lesson: l }) => l.data)));
  } catch (e) {
    if (!(e instanceof LessonError)) throw e;
    console.error(e.message);
    process.exit(1);
  }
}
