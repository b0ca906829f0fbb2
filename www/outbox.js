/**
 * Messages through a port. Those of one turn leave together, and the small byte strings among them (`raw`) in one buffer: with
 * thousands a second, an event and a buffer for each would be garbage that holds the page up for longer than a frame.
 *
 * @typedef {Record<string, any> & {raw?: any}} Message `raw`: a Uint8Array, also at the other end
 */

/** Byte strings beyond this travel without being copied. */
const SMALL_BYTES = 1 << 14;

/** @param {MessagePort | Worker} port @returns {(message: Message, transfer?: Transferable[]) => void} */
export function outbox(port) {
  /** @type {Message[]} */
  let messages = [];
  /** @type {Transferable[]} */
  let transfers = [];
  const send = () => {
    const packed = pack(messages, transfers);
    port.postMessage([messages, packed], [...transfers, packed.buffer]);
    [messages, transfers] = [[], []];
  };
  return (message, transfer = []) => {
    if (messages.push(message) === 1) queueMicrotask(send);
    transfers.push(...transfer);
  };
}

/** Puts the small byte strings into one, and a place in the place of each. @param {Message[]} messages @param {Transferable[]} transfers */
function pack(messages, transfers) {
  const isSmall = (/** @type {Message} */ { raw }) => raw && raw.length <= SMALL_BYTES;
  const small = messages.filter(isSmall);
  const packed = new Uint8Array(small.reduce((sum, { raw }) => sum + raw.length, 0));
  let at = 0;
  for (const m of messages) {
    if (!m.raw) continue;
    if (isSmall(m)) {
      packed.set(m.raw, at);
      m.raw = [at, (at += m.raw.length)];
    } else transfers.push(m.raw.buffer);
  }
  return packed;
}

/** The messages that were posted together. @param {[Message[], Uint8Array]} data @returns {Message[]} */
export function opened([messages, packed]) {
  for (const m of messages) if (Array.isArray(m.raw)) m.raw = packed.subarray(...m.raw);
  return messages;
}
