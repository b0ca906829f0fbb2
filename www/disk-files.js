/**
 * The files of a sandbox's disk: what they are called, and what becomes of what somebody brings.
 *
 * @import { Kept, KeptFile } from "./store.js"
 */
import { Platter } from "../pkg/redlab.js";
import { concat } from "./resp.js";
import { MemoryStore } from "./store.js";
import { isTar, unpack } from "./tar.js";

/** What a sandbox's server is told: who sees a write acknowledged keeps it, until somebody sets it otherwise. */
export const CONFIG = "appendonly yes\nappendfsync always";
const DIRECTORY = "appendonlydir/";
export const MANIFEST = `${DIRECTORY}appendonly.aof.manifest`;

const encoder = new TextEncoder();

/**
 * The files of a disk out of what somebody brings: an archive of them, or a log or snapshot, which becomes the base of an
 * append-only file.
 * @param {Uint8Array} bytes @returns {KeptFile[]}
 */
export function filesOf(bytes) {
  const base = `${DIRECTORY}appendonly.aof.1.base.aof`;
  const list = encoder.encode("file appendonly.aof.1.base.aof seq 1 type b\n");
  const files = isTar(bytes)
    ? unpack(bytes)
    : [
        { name: base, bytes },
        { name: MANIFEST, bytes: list },
      ];
  const dump = files.find(({ name }) => name === "dump.rdb");
  // With a snapshot alone, as without an append-only file.
  if (dump && !files.some(({ name }) => name === MANIFEST)) return filesOf(dump.bytes);
  return files.map(({ name, bytes: b }, i) => ({ name, file: i + 1, bytes: b }));
}

/** The append-only file in one: its base, which may be a snapshot, and what came since. @param {{name: string, bytes: Uint8Array}[]} files */
export function logOf(files) {
  const parts = files.filter(({ name }) => name.startsWith(DIRECTORY) && name !== MANIFEST);
  const base = parts.filter(({ name }) => name.includes(".base."));
  return concat([...base, ...parts.filter((f) => !base.includes(f))].map(({ bytes }) => bytes));
}

/** @param {KeptFile[]} files */
export function platterOf(files) {
  const platter = new Platter();
  for (const { name, file, bytes } of files) platter.add(name, file, bytes);
  return platter;
}

/**
 * The model of the disk view; null where there is no file. @param {any[]} files as the engine gives them
 * @param {string | undefined} policy how the log is synced; undefined: no server knows
 * @param {boolean} [down] the server does not run
 */
export const diskModel = (files, policy, down = policy === undefined) =>
  files.length
    ? {
        files: files.map(([name, bytes, platter, in_flight]) => ({ name, bytes, platter, in_flight })),
        policy: policy ?? null,
        down,
      }
    : null;

/** A store in memory with what another one had. @param {Kept} kept */
export async function copied({ files, log, meta }) {
  const copy = new MemoryStore();
  if (meta) await copy.replace(log.length ? filesOf(log) : files, meta);
  return copy;
}
