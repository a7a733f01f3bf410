// The service worker of the exam: what the exam page needs for a reload without network. The network comes
// first; what is kept is of one attempt and goes with it (leftovers.js).

const CACHE = "cakap-exam-";

addEventListener("install", () => self.skipWaiting());
addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

addEventListener("message", (event) => {
  const { attempt, keep } = event.data;
  event.waitUntil(
    caches.open(`${CACHE}${attempt}`).then((cache) =>
      Promise.all(keep.map(async (url) => {
        const response = await fetch(url, { credentials: "same-origin" }).catch(() => null);
        if (response?.ok && !response.redirected) await cache.put(url, response);
      }))),
  );
});

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  const picture = pathname.startsWith("/ujian/berkas/");
  if (pathname === "/ujian/kerja/" || pathname.startsWith("/static/") || picture)
    event.respondWith(answer(event.request, picture));
});

async function answer(request, picture) {
  try {
    const response = await fetch(request);
    const name = picture && response.ok && (await caches.keys()).find((own) => own.startsWith(CACHE));
    if (name) await (await caches.open(name)).put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
