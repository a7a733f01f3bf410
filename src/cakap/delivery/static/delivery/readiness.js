// Before the exam: this machine measures what the exam needs and tells the server, which judges. What is
// kept here is the number of its seat and a key of its own, nothing of anybody's exam.

const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").textContent);
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const { clock, report, load, locked } = $("readiness").dataset;
const CHECKS = ["browser", "clock", "network", "seb", "storage"];
const ASKED = 8;
const PATIENCE = 4000;
const EVERY = 300000;
const NAME = "cakap-kesiapan";

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}

const own = remembered();
own.key ??= Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function remember() {
  try {
    localStorage.setItem(NAME, JSON.stringify(own));
  } catch {
    // Asked again after a reload: the check of the storage says why.
  }
}

const needed = {
  fetch: () => "fetch" in window,
  indexeddb: () => "indexedDB" in window,
  // Browsers hide these from pages without https; the exam has another way there.
  locks: () => !isSecureContext || "locks" in navigator,
  crypto: () => "getRandomValues" in crypto,
  channel: () => "BroadcastChannel" in window,
};

// A request with an end, whatever the browser's age.
async function ask(path, options = {}) {
  const given = new AbortController();
  const timer = setTimeout(() => given.abort(), PATIENCE);
  try {
    return await fetch(path, { cache: "no-store", ...options, signal: given.signal });
  } finally {
    clearTimeout(timer);
  }
}

async function network() {
  const trips = [];
  let ahead = 0;
  let lost = 0;
  for (let at = 0; at < ASKED; at += 1) {
    const start = performance.now();
    try {
      const response = await ask(clock);
      if (!response.ok) throw new Error(response.status);
      const { now } = await response.json();
      const trip = performance.now() - start;
      // The fastest answer tells the time best: half its way has passed since it was written.
      if (trips.every((other) => trip < other)) ahead = (Date.now() - trip / 2 - now) / 1000;
      trips.push(trip);
    } catch {
      lost += 1;
    }
  }
  trips.sort((a, b) => a - b);
  return { clock_off: ahead, round_trip: trips[Math.floor(trips.length / 2)] ?? PATIENCE, lost, asked: ASKED };
}

async function download() {
  const start = performance.now();
  try {
    const response = await ask(load);
    const size = (await response.arrayBuffer()).byteLength;
    const seconds = Math.max((performance.now() - start) / 1000, 0.001);
    const [timing] = performance.getEntriesByName(new URL(load, location.href).href).slice(-1);
    return ((timing?.encodedBodySize || size) * 8) / 1000 / seconds;
  } catch {
    return 0;
  }
}

// Writes to a store of its own, reads it back through a second opening, and clears it away.
async function keeps() {
  const open = () =>
    new Promise((resolve, reject) => {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("coba");
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = asked.onblocked = () => reject(asked.error);
    });
  const done = (transaction) =>
    new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  try {
    const written = `${own.key}${Date.now()}`;
    let db = await open();
    const writing = db.transaction("coba", "readwrite");
    writing.objectStore("coba").put(written, 1);
    await done(writing);
    db.close();
    db = await open();
    const reading = db.transaction("coba");
    const asked = reading.objectStore("coba").get(1);
    await done(reading);
    db.close();
    indexedDB.deleteDatabase(NAME);
    return asked.result === written;
  } catch {
    return false;
  }
}

async function free() {
  const { quota, usage } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  return quota === undefined ? null : Math.max(quota - (usage ?? 0), 0) / 2 ** 20;
}

function show(name, state, text) {
  const row = $(`check-${name}`);
  row.dataset.state = state;
  row.querySelector(".outcome").textContent = text;
}

const good = (name) => say(name === "seb" && locked !== "yes" ? "not_asked" : "fine");

function tell(kind, text) {
  const box = $("verdict");
  box.dataset.state = kind;
  box.className = kind === "ready" ? "alert alert-success" : "alert alert-warning";
  box.textContent = text;
  box.hidden = false;
}

async function send(body) {
  let response;
  try {
    response = await ask(report, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    for (const name of CHECKS) show(name, "unknown", say("unknown"));
    show("network", "wrong", say("silent"));
    tell("wrong", say("silent"));
    return;
  }
  const told = await response.json().catch(() => ({ message: say("silent") }));
  if (!response.ok) {
    $("replace").hidden = told.code !== "SeatOfOther";
    tell("wrong", told.message);
    return;
  }
  $("replace").hidden = true;
  for (const name of CHECKS)
    show(name, name in told.problems ? "wrong" : "fine", told.problems[name] ?? good(name));
  const values = { n: own.number, at: told.at };
  tell(told.ready ? "ready" : "wrong", say(told.ready ? "ready" : "not_ready", values));
}

let busy = false;

async function check(replaces = false) {
  if (busy || !own.number) return;
  busy = true;
  $("again").disabled = true;
  for (const name of CHECKS) show(name, "busy", say("busy"));
  const measured = {
    ...(await network()),
    download: await download(),
    kept: await keeps(),
    free: await free(),
    missing: Object.keys(needed).filter((name) => !needed[name]()),
  };
  await send({ ...measured, number: own.number, key: own.key, replaces });
  $("again").disabled = false;
  busy = false;
}

$("number").value = own.number ?? "";
$("machine").addEventListener("submit", (event) => {
  event.preventDefault();
  own.number = $("number").valueAsNumber;
  remember();
  check();
});
$("replace").addEventListener("click", () => check(true));
$("script").hidden = true;
if (own.number) check();
// The board stays young while the page is open; a little apart, so that a room does not report at once.
setInterval(() => check(), EVERY + 30000 * Math.random());
