/** Elements without markup: text stays text, whatever it holds. */

/**
 * @template {HTMLElement | SVGElement} T
 * @param {T} node
 * @param {Record<string, any> | null} props `on…` are listeners, `.x` are properties, all else attributes
 * @param {any[]} kids
 * @returns {T}
 */
function put(node, props, kids) {
  for (const [k, v] of Object.entries(props ?? {})) {
    if (v === null || v === undefined || v === false) continue;
    if (k.startsWith("on")) node.addEventListener(k.slice(2), v);
    else if (k.startsWith(".")) /** @type {any} */ (node)[k.slice(1)] = v;
    else node.setAttribute(k, v === true ? "" : String(v));
  }
  node.append(...kids.flat(Infinity).filter((k) => k !== null && k !== undefined && k !== false));
  return node;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any> | null} [props]
 * @param {...any} kids
 * @returns {HTMLElementTagNameMap[K]}
 */
export const h = (tag, props = null, ...kids) => put(document.createElement(tag), props, kids);

/**
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...any} kids
 * @returns {SVGElement}
 */
export const s = (tag, props = null, ...kids) =>
  put(document.createElementNS("http://www.w3.org/2000/svg", tag), props, kids);

const ICONS = {
  add: "M5 1H7V5H11V7H7V11H5V7H1V5H5Z",
  close: "M1.8 .8 6 5 10.2 .8 11.2 1.8 7 6 11.2 10.2 10.2 11.2 6 7 1.8 11.2 .8 10.2 5 6 .8 1.8Z",
  full: "M1 1H5V2.5H2.5V5H1ZM7 1H11V5H9.500V2.500H7ZM1 7H2.500V9.500H5V11H1ZM9.500 7H11V11H7V9.500H9.500Z",
  back: "M3.500 1H5V5H1V3.500H3.500ZM7 1H8.500V3.500H11V5H7ZM1 7H5V11H3.500V8.500H1ZM7 7H11V8.500H8.500V11H7Z",
};

/** @param {keyof typeof ICONS} name */
export const icon = (name) => s("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));

/** A file out of bytes. @param {string} name @param {Uint8Array | string} data */
export function saveFile(name, data) {
  const url = URL.createObjectURL(new Blob([/** @type {any} */ (data)], { type: "application/octet-stream" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** 12345 as 12 345 with narrow blanks. @param {number} n */
export const int = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Virtual time since the start, as 01:07.204. @param {number} ms */
export function clock(ms) {
  const t = Math.max(0, ms) / 1000;
  const hours = Math.floor(t / 3600);
  const rest = `${String(Math.floor(t / 60) % 60).padStart(2, "0")}:${(t % 60).toFixed(3).padStart(6, "0")}`;
  return hours ? `${hours}:${rest}` : rest;
}
