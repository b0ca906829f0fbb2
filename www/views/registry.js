/**
 * The views that there are. A view is one file named `*.view.js` in this folder that calls register(); nothing else needs
 * to know of it.
 *
 * @typedef {object} View a view is a pure function of its model
 * @prop {string} id as the file is named, and as lessons and embeds name it
 * @prop {string} title
 * @prop {"value" | "keys" | "loop" | "script" | "disk" | "aof" | "rdb"} model which model it draws: of the key just touched, of the
 *   keys of the database, of the server's clients and commands, of the last script, of the disk's files, of the log's, of a
 *   snapshot
 * @prop {number} [order] of several that accept a model the lowest draws it
 * @prop {(model: any) => boolean} accepts
 * @prop {(model: any) => {name: string, why: string}} [form] how the key is kept, where its encoding does not say all; a change is told
 * @prop {(model: any) => string} meta facts for the header
 * @prop {(model: any) => any[]} summary the finding in words: texts and elements, in lists as deep as you like
 * @prop {(model: any, act: Actions) => HTMLElement} [controls] buttons over the drawing; the model may be null
 * @prop {(model: any, width: number, act: Actions) => SVGElement | HTMLElement} draw an
 *   element that it has given before is kept as it is
 * @prop {(model: any, act: Actions) => HTMLElement} table the same as the drawing, to read
 * @prop {string[]} [tools] lines to type, as buttons under it
 * @prop {any[]} empty what to type when there is nothing to show: words, and commands as {line}
 */

/**
 * What a view may do to the engine.
 * @import { FileActions } from "./file-actions.js"
 * @typedef {{files: FileActions, held: boolean, hold: (on: boolean) => void, step: (line: number) => void, kill: () => void}} Actions scripts:
 *   whether they stop before they begin, one line or up to a line, SCRIPT KILL
 */

/** @type {View[]} */
export const views = [];

/** @param {View} view */
export function register(view) {
  views.push(view);
  views.sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
}

/**
 * For each model the view that stands there until there is something to draw: of those named, or of all.
 * @param {string[]} [names]
 * @returns {View[]}
 */
export const firstOf = (names) =>
  ["value", "keys", "loop", "script", "disk", "aof", "rdb"].flatMap(
    (model) => views.find((v) => v.model === model && (!names?.length || names.includes(v.id))) ?? [],
  );
