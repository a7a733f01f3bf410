// The service worker of the exam: what the exam page needs for a reload without network. The network comes
// first, but for pictures, whose address says what is in them; what is kept is of one attempt and goes with
// it (leftovers.js).

const CACHE = "cakap-exam-";
const PATIENCE = 15000; // ms

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

const late = () => new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error("late")));

async function answer(request, picture) {
  const kept = () => caches.match(request, { ignoreSearch: true, ignoreVary: true });
  const own = picture && (await kept());
  if (own) return own;
  try {
    const shell = !picture && new URL(request.url).pathname === "/ujian/kerja/" && (await kept());
    const response = await (shell ? Promise.race([fetch(request), late()]) : fetch(request));
    // A server that is starting again, or whose database is: the page that is kept goes on asking.
    if (response.status >= 500) return (await kept()) ?? response;
    const name = picture && response.ok && (await caches.keys()).find((own) => own.startsWith(CACHE));
    if (name) await (await caches.open(name)).put(request, response.clone());
    return response;
  } catch (error) {
    const own = await kept();
    if (own) return own;
    throw error;
  }
}
