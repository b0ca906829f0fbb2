/** What room the browser's storage has left: the disk of a sandbox is no larger. */

/** Most bytes of all files of a disk, as the engine has it without a word from here. */
export const DISK_BYTES = 1 << 29;
/** So many bytes of room, at the least, for each of files: the database keeps changes for a while, and joins them by copying. */
const SHARE = 3;
/** Room that is so small is told. */
const LITTLE_BYTES = 1 << 20;
/** So much may be written between two looks at it. */
const LOOK_BYTES = 1 << 18;

export class Room {
  /** Written since the last look. */
  #written = Infinity;
  /** Bytes that are left; null where the browser does not say, or there is no end in sight. @type {number | null} */
  little = null;

  /** Whether it is time to look. @param {import("./store.js").Changes | null} changes that were committed */
  due(changes) {
    for (const [, , bytes] of changes?.[0] ?? []) this.#written += bytes?.length ?? 0;
    return this.#written > LOOK_BYTES;
  }

  /** How much the files may come to. @param {number} used bytes of them now @returns {Promise<number>} */
  async look(used) {
    this.#written = 0;
    const { quota, usage } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
    if (quota === undefined || usage === undefined) return DISK_BYTES;
    const left = Math.max(0, Math.floor((quota - usage) / SHARE));
    this.little = left < LITTLE_BYTES ? left : null;
    return Math.min(DISK_BYTES, used + left);
  }
}
