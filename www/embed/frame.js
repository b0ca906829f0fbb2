/**
 * The engine of all embeds of a page, in an iframe from our origin: the host's content security policy forbids it
 * workers and WebAssembly of its own. The host sends a port; the worker serves it as a guest: in memory only.
 */
const worker = new Worker(new URL("../worker.js", import.meta.url), { type: "module", name: "redlab engine" });

/** @param {string} id */
async function lesson(id) {
  const { lessons } = await import("virtual:lessons");
  const found = lessons.find((l) => l.id === id);
  if (!found) throw new Error(`no lesson ${id}`);
  return found.load();
}

window.addEventListener("message", async ({ data, ports: [port], source }) => {
  if (source !== window.parent || !port) return;
  if (data?.redlab === "attach") worker.postMessage({ op: "attach", port }, [port]);
  if (data?.redlab === "lesson") {
    const answer = await lesson(String(data.id)).then(
      (ok) => ({ ok }),
      (e) => ({ error: e.message }),
    );
    port.postMessage(answer);
  }
});
worker.onerror = (e) =>
  window.parent.postMessage({ redlab: "error", message: e.message ?? "the engine could not start" }, "*");
window.parent.postMessage({ redlab: "ready" }, "*");
