/**
 * The engine with the cheapest way in and out: a request is written straight into the module's memory, the reply is
 * read where it stands. wasm-bindgen's own way for bytes allocates, copies and frees on both sides of every call.
 */
import { Engine as Core, linearMemory } from "../pkg/redlab.js";

/** The input buffer keeps at most this much (as in src/wasm.rs). */
const KEEP_BYTES = 1 << 20;

export class Engine extends Core {
  #memory = /** @type {WebAssembly.Memory} */ (linearMemory());
  #view = new Uint8Array(this.#memory.buffer);
  #input = 0;
  #room = 0;

  /** The module's memory. Valid until the next call into the engine, which may make it grow. */
  get bytes() {
    // A memory that has grown leaves views of length 0 behind.
    if (this.#view.length === 0) this.#view = new Uint8Array(this.#memory.buffer);
    return this.#view;
  }

  /** Where in `bytes` to write a request of up to `length` bytes. @param {number} length @returns {number} */
  place(length) {
    if (length > this.#room || this.#room > KEEP_BYTES) {
      this.#room = Math.max(length, 1 << 16);
      this.#input = this.input(this.#room);
    }
    return this.#input;
  }

  /**
   * Bytes from a connection; all output that is ready for it, as a view that is valid until the next call into the engine.
   * @param {number} id @param {Uint8Array} bytes
   */
  feed(id, bytes) {
    const at = this.place(bytes.length);
    this.bytes.set(bytes, at);
    const length = this.run(id, bytes.length);
    const start = this.reply();
    return this.bytes.subarray(start, start + length);
  }

  /** Bytes from a connection within a turn; where its output ends then (`gather`). @param {number} id @param {Uint8Array} bytes */
  gatherBytes(id, bytes) {
    const at = this.place(bytes.length);
    this.bytes.set(bytes, at);
    return this.gather(id, bytes.length);
  }

  /** As `feed`, as a copy. @param {number} id @param {Uint8Array} bytes */
  exec(id, bytes) {
    return this.feed(id, bytes).slice();
  }
}
