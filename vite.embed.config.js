import { defineConfig } from "vite";

// dist/embed.js, what a host page loads, and with `--mode view` dist/embed-view.js, what that loads at the click. Classic
// scripts: a host page on another origin may load them without any header from us.
/** Nothing but ASCII, so that the scripts mean the same on a page of any character set. */
const ascii = () => ({
  name: "ascii",
  /** @param {object} _ @param {Record<string, {code?: string}>} bundle */
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle))
      if (file.code)
        file.code = file.code.replace(/[^\x00-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  },
});

export default defineConfig(({ mode }) => {
  const name = mode === "view" ? "embed-view" : "embed";
  return {
    publicDir: false,
    plugins: [ascii()],
    build: {
      target: "es2022",
      emptyOutDir: false,
      lib: {
        entry: mode === "view" ? "www/embed/view.js" : "www/embed/embed.js",
        formats: ["iife"],
        name: mode === "view" ? "redlabView" : "redlab",
        fileName: () => `${name}.js`,
      },
    },
  };
});
