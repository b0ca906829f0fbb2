/**
 * The desk of a world's engine, where files are looked at: loaded when somebody looks at one. Each function gets the engine and
 * the page's message.
 *
 * @import { Engine } from "./engine.js"
 * @import { KeptFile } from "./store.js"
 */
import { isTar, unpack } from "./tar.js";

/**
 * Puts files on the desk in place of what lies there; their paths.
 * @param {Engine} engine @param {{files: {name: string, bytes: Uint8Array}[]}} m
 */
export function bring(engine, { files }) {
  engine.clear_desk();
  const all = files.flatMap((f) => (isTar(f.bytes) ? unpack(f.bytes) : [f]));
  const paths = all.flatMap(({ name, bytes }) => engine.bring(name, bytes) ?? []);
  if (paths.length < all.length) throw new Error("the files are too large to be looked at here");
  return paths;
}

/** @param {Engine} engine */
export const clearDesk = (engine) => engine.clear_desk();

/** A file's bytes. @param {Engine} engine @param {{name: string}} m */
export const file = (engine, { name }) => engine.file(name) ?? null;

/** Puts a byte in the place of another one, on the platter. @param {Engine} engine @param {{name: string, offset: number, byte: number}} m */
export const edit = (engine, { name, offset, byte }) => engine.edit_byte(name, offset, byte);

/** The check tool that fits a file. @param {Engine} engine @param {{name: string, repair: string}} m */
export function check(engine, { name, repair }) {
  const [text, good, cut] = engine.check(name, repair);
  return { text, good, cut };
}

/**
 * A file with the manifest that names it and all that lies beside it; null if none names it.
 * @param {Engine} engine @param {string} name @param {string} manifest where a server looks for it
 * @returns {KeptFile[] | null}
 */
export function together(engine, name, manifest) {
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  const target = manifest.slice(0, manifest.lastIndexOf("/") + 1);
  const there = engine.names().filter((n) => n.startsWith(folder));
  const list = there.find((n) => n.endsWith(".manifest"));
  if (!list) return null;
  const bytes = (/** @type {string} */ n) => engine.file(n) ?? new Uint8Array(0);
  const text = new TextDecoder().decode(bytes(list));
  if (name !== list && !text.includes(` ${name.slice(folder.length)} `)) return null;
  return there.map((n, i) => ({
    name: n === list ? manifest : target + n.slice(folder.length),
    file: i + 1,
    bytes: bytes(n),
  }));
}
