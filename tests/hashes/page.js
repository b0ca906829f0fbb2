// Plays the recorded worlds in a worker of this browser, and sends what it found to whoever serves this page.
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
/** @param {any} found */
const send = (found) =>
  fetch("/found", { method: "POST", body: JSON.stringify({ agent: navigator.userAgent, ...found }) });
worker.onmessage = ({ data }) => send(data);
worker.onerror = (event) => send({ error: event.message || "the worker does not start" });
