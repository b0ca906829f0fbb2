/**
 * What the views of files share: the files to choose from, what can be done with one, and bringing others in.
 *
 * @import { Actions } from "./registry.js"
 * @typedef {{path: string, name: string, role: string, last: boolean, form: string, bytes: number, platter: number, in_flight: number, brought: boolean}} FileModel
 */
import { h, saveFile, size } from "../dom.js";

/** A role in words. @type {Record<string, string>} */
const ROLES = {
  manifest: "list of the files",
  base: "base",
  increment: "increment",
  history: "history",
  snapshot: "snapshot",
};

/** @param {FileModel} f */
export const roleOf = (f) => (f.last ? "written to" : (ROLES[f.role] ?? "in no list"));

/** Bytes that only the page cache has. @param {FileModel} f */
export const unsafe = (f) => Math.max(0, f.bytes - f.platter);

/** The file that is shown. @param {{files: FileModel[], shown: string}} m @returns {FileModel | undefined} */
export const shownOf = (m) => m.files.find((f) => f.path === m.shown);

/** A place in a file. @param {number} n */
export const hex = (n) => n.toString(16).padStart(4, "0");

/** A moment as people write it. @param {number} ms */
export const moment = (ms) => {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString().replace("T", " ").replace(/Z$/, " UTC");
};

/** Files in a row, in the order in which a server reads them. @param {"aof" | "rdb"} view @param {{files: FileModel[], shown: string}} m @param {Actions} act */
function chips(view, m, act) {
  const chip = (/** @type {FileModel} */ f) =>
    h(
      "button",
      {
        type: "button",
        class: `chip${f.role === "history" ? " old" : ""}`,
        "aria-pressed": String(f.path === m.shown),
        title: f.path,
        onclick: () => act.files.show(view, f.path),
      },
      h("b", null, f.name),
      h("span", null, `${roleOf(f)} · ${size(f.bytes)}${f.brought ? " · brought" : ""}`),
      unsafe(f) > 0 && h("span", { class: "bad" }, `${size(unsafe(f))} not on the platter`),
    );
  return h("div", { class: "chips", role: "group", "aria-label": "Files" }, m.files.map(chip));
}

/**
 * The controls of a view of files.
 * @param {"aof" | "rdb"} view @param {any} m its model, or null @param {Actions} act @param {boolean} broken
 */
export function fileControls(view, m, act, broken) {
  const world = act.files.world();
  const button = (/** @type {string} */ words, /** @type {() => any} */ run, cls = "") =>
    h("button", { class: `btn ${cls}`, type: "button", onclick: run }, words);
  const file = m && shownOf(m);
  const doing = (/** @type {() => Promise<string>} */ run) => async () =>
    act.files.say(view, await run().catch((/** @type {Error} */ e) => e.message));
  const check = (/** @type {string} */ repair) =>
    doing(async () => (await world.check(m.shown, repair)).text.trimEnd());
  const ask = doing(async () => {
    const { words, runs, keys } = await world.tryFile(m.shown);
    const read = keys === 1 ? "1 key" : `${keys} keys`;
    return `${runs ? `A server starts with it and has ${read}.` : "A server does not start with it."}${words ? `\n${words}` : ""}`;
  });
  const load = () => {
    const alone = file?.brought || file?.role === "snapshot";
    const words = alone ? "Replace what the sandbox has" : "Restart the server";
    act.files.confirm(view, words, async () => {
      if (alone) await world.loadFile(m.shown);
      else await world.crash(0);
      return "";
    });
  };
  const save = async () => saveFile(file?.name ?? "file", (await world.file(m.shown)) ?? new Uint8Array(0));
  // One of several machines: its files are looked at, and no more.
  if (world?.several) return h("div", { class: "files" }, m && chips(view, m, act));
  const pick = picker(act, false);
  const folder = picker(act, true);
  return h(
    "div",
    { class: "files" },
    m && chips(view, m, act),
    h(
      "div",
      { class: "row" },
      file && button("Check it", check("")),
      file && broken && view === "aof" && button("Repair it", check("fix"), "danger"),
      file && button("What would a server say?", ask),
      file && button(file.brought || file.role === "snapshot" ? "Load it" : "Restart with it", load),
      file && button("Download", save),
      file?.brought && button("Put away", () => world.clearDesk().then(() => act.files.refresh())),
      button("Open a file …", () => pick.click()),
      button("Open a folder …", () => folder.click()),
      pick,
      folder,
    ),
    said(view, act),
  );
}

/** What a tool or a server has said, or a question. @param {"aof" | "rdb"} view @param {Actions} act */
function said(view, act) {
  const question = act.files.questions[view];
  if (question)
    return h(
      "p",
      { class: "row ask-first", role: "alert" },
      h("button", { class: "btn danger", type: "button", onclick: question.yes }, question.words),
      h("button", { class: "btn", type: "button", onclick: () => act.files.say(view, "") }, "Leave it"),
    );
  const text = act.files.said[view];
  return h("pre", { class: "said", role: "status", tabindex: text ? "0" : null, "aria-label": "What was said" }, text);
}

/** @param {Actions} act @param {boolean} folder */
function picker(act, folder) {
  const input = h("input", {
    type: "file",
    hidden: true,
    multiple: true,
    webkitdirectory: folder,
    "aria-label": folder ? "Folder to look at" : "Files to look at",
    onchange: async () =>
      act.files.bring(await read([...(input.files ?? [])].map((f) => [f.webkitRelativePath || f.name, f]))),
  });
  return input;
}

/** @param {[string, File][]} files @returns {Promise<{name: string, bytes: Uint8Array}[]>} */
const read = (files) =>
  Promise.all(files.map(async ([name, file]) => ({ name, bytes: new Uint8Array(await file.arrayBuffer()) })));

/** What was dropped: files, and all that is in folders. @param {DataTransfer} data */
export async function dropped(data) {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((e) => e !== null && e !== undefined);
  if (!entries.length) return read([...data.files].map((f) => [f.name, f]));
  /** @type {[string, File][]} */
  const found = [];
  for (const entry of entries) await gather(/** @type {FileSystemEntry} */ (entry), found);
  return read(found);
}

/** @param {FileSystemEntry} entry @param {[string, File][]} found */
async function gather(entry, found) {
  const name = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise((done, fail) => /** @type {FileSystemFileEntry} */ (entry).file(done, fail));
    found.push([name, file]);
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return;
    for (const e of some) await gather(e, found);
  }
}

/** Which view shows what was brought: the one of the log if there is one among it. @param {string[]} paths */
export const viewOf = (paths) => (paths.some((p) => /\.(aof|manifest)$/.test(p)) ? "aof" : "rdb");
