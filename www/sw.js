// Offline: the built files are kept, by the version they were built in. VERSION and FILES are written in front of this
// file by the build. Pages come from the network where there is one, so that a new version is seen at the next visit;
// everything else has its version in its name.
self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(`redlab-${VERSION}`)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const old = (key) => key.startsWith("redlab-") && key !== `redlab-${VERSION}`;
  event.waitUntil(caches.keys().then((keys) => Promise.all(keys.filter(old).map((key) => caches.delete(key)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  // A host that answers with `Vary: Origin` means the same bytes all the same.
  const kept = () => caches.match(request, { ignoreSearch: true, ignoreVary: true });
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await kept()) ?? Response.error()));
    return;
  }
  event.respondWith(kept().then((hit) => hit ?? fetch(request)));
});
