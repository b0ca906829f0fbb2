/**
 * What nobody sees stands still: a world rests while none of the elements that show it is in the window.
 *
 * @import { World } from "../protocol.js"
 */

/** @type {Map<Element, World>} */
const shown = new Map();
/** @type {Set<Element>} */
const seen = new Set();
/** @type {WeakSet<World>} */
const resting = new WeakSet();

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting && shown.has(target)) seen.add(target);
    else seen.delete(target);
  }
  for (const world of new Set(shown.values())) tell(world);
});

/** @param {World} world */
function tell(world) {
  const rests = ![...seen].some((el) => shown.get(el) === world);
  if (rests === resting.has(world)) return;
  if (rests) resting.add(world);
  else resting.delete(world);
  world.rest(rests).catch(() => {}); // a world that is gone rests
}

/** @param {Element} el @param {World} world that it shows */
export function watch(el, world) {
  shown.set(el, world);
  observer.observe(el);
}

/** @param {Element} el */
export function forget(el) {
  const world = shown.get(el);
  observer.unobserve(el);
  shown.delete(el);
  seen.delete(el);
  if (world) tell(world);
}
