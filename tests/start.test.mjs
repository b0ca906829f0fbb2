// What `npm start` serves: Vite's server can make every module of the page, the list of lessons among them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createServer } from "vite";

test("the development server serves the page's modules", async () => {
  const server = await createServer({ server: { middlewareMode: true, ws: false }, logLevel: "silent" });
  try {
    const [waiting, seen] = [["/www/main.js", "/www/worker.js", "virtual:lessons"], new Set()];
    for (let url = waiting.pop(); url; url = waiting.pop()) {
      if (seen.has(url)) continue;
      seen.add(url);
      assert.ok(await server.transformRequest(url), url);
      const module = await server.moduleGraph.getModuleByUrl(url);
      for (const { url: next } of module?.importedModules ?? [])
        if (/^\/www\/.*\.(js|yaml)$/.test(next)) waiting.push(next);
    }
    assert.ok(seen.size > 20, `only ${seen.size} modules were found`);
  } finally {
    await server.close();
  }
});
