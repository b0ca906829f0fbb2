/** The page starts here. */
import { applyTheme, storedTheme } from "./bar.js";
import { EngineClient } from "./protocol.js";
import { Shell } from "./shell.js";

applyTheme(storedTheme());
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "redlab engine" });
const shell = new Shell(new EngineClient(worker));
shell.start();

// Where the browser keeps service workers, the lab also opens without a network.
if (import.meta.env.PROD) navigator.serviceWorker?.register("./sw.js").catch(() => {});
