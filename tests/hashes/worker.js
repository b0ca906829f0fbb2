import init, { Estate } from "../../pkg/redlab.js";
import { attach, bringRest } from "../../www/later.js";
import { playAll } from "./play.mjs";

try {
  const recorded = await (await fetch("/recorded")).json();
  attach(/** @type {any} */ (await init()));
  await bringRest();
  postMessage(playAll(Estate, recorded));
} catch (e) {
  postMessage({ error: String(e) });
}
