/** What has been typed, oldest first; kept with the sandbox. */

const LIMIT = 1000;
/** A longer line is data more than a command, and all lines are stored together. */
const LONGEST = 10_000;
/** Lines that carry a secret are not kept, as redis-cli does not keep them. */
const SECRET =
  /^\s*(auth\b|acl\s+setuser\b|hello\b.*\bauth\b|config\s+set\b.*\b(masterauth|masteruser|requirepass|tls-\S*pass)\b|migrate\b.*\bauth2?\b)/i;

export class History {
  /** @param {string[]} lines @param {(lines: string[]) => void} [keep] called with the lines after each change */
  constructor(lines = [], keep = () => {}) {
    this.lines = Array.isArray(lines) ? lines.filter((l) => typeof l === "string").slice(-LIMIT) : [];
    this.keep = keep;
  }

  /** @param {string} line @param {boolean} [store] false while more lines are about to follow */
  add(line, store = true) {
    if (line.length <= LONGEST && !SECRET.test(line) && this.lines.at(-1) !== line) {
      this.lines.push(line);
      if (this.lines.length > LIMIT) this.lines.shift();
      this.#unstored = true;
    }
    if (!store || !this.#unstored) return;
    this.#unstored = false;
    this.keep(this.lines);
  }

  #unstored = false;

  /**
   * The youngest line before `before` that holds `text`.
   * @param {string} text
   * @param {number} [before]
   * @returns {number} its index, or -1
   */
  search(text, before = this.lines.length) {
    for (let i = before - 1; i >= 0; i--) if (this.lines[i].toLowerCase().includes(text.toLowerCase())) return i;
    return -1;
  }
}
