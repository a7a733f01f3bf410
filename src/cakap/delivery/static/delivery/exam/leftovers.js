// Answers of an attempt whose page is gone: sealed to the server's key, so that the next person at this
// machine cannot read them, and handed in by whatever page of the exam comes next.

import { Refusal, ask } from "./net.js";
import { bare, portion } from "./outbox.js";
import { allEvents, allSealed, dropSealed, forgetPapers, keepSealed, paperOf, replaceBySealed } from "./storage.js";

// What a server did not take may be all that is left of somebody's answers, whose own server comes back: it
// stays, and is asked about seldom and little, for the sake of whoever works at the machine meanwhile. No
// age ends it: a machine's clock may be wrong by years.
const REST = 600000; // ms until it is asked about again, with the next page
const MOST_AGAIN = 10; // of such with a page
const MOST_KEPT = 100; // of such on a machine; the oldest go

let loading = null;

function nacl(src) {
  loading ??= new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    Object.assign(tag, { src, onload: () => resolve(window.nacl), onerror: reject });
    document.head.append(tag);
  });
  loading.catch(() => { loading = null; }); // once is not for ever
  return loading;
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const base64 = (parts) => btoa(Array.from(parts, (byte) => String.fromCharCode(byte)).join(""));

async function sealed(content, { sealTo, naclSource }) {
  const box = await nacl(naclSource);
  const own = box.box.keyPair();
  const nonce = box.randomBytes(24);
  const text = new TextEncoder().encode(JSON.stringify(content));
  return base64([...own.publicKey, ...nonce, ...box.box(text, nonce, bytes(sealTo), own.secretKey)]);
}

// Seal what waits here and is asked for.
async function seal({ sealTo, naclSource }, asked) {
  const groups = new Map();
  for (const event of await allEvents()) {
    // Of a version that kept no token: it waits for its own page.
    if (!event.token || !asked(event)) continue;
    groups.set(event.token, [...(groups.get(event.token) ?? []), event]);
  }
  for (const [whose, events] of groups) {
    for (let rest = events; rest.length; ) {
      const part = portion(rest, { most: 200 });
      rest = rest.slice(part.length);
      // Only the server whose token it is knows whose they are: to its key, whichever server is here now.
      const key = part[0].key ?? sealTo;
      const content = { token: whose, events: part.map(bare) };
      await replaceBySealed(part, await sealed(content, { sealTo: key, naclSource }));
    }
  }
}

// Pictures of questions, and the shell, that the service worker keeps for a reload without network.
export async function forgetPictures(keep = null, only = null) {
  if (!("caches" in window)) return;
  const names = await caches.keys().catch(() => []); // a browser that keeps nothing may refuse to say so
  for (const name of names)
    if (only === null ? name.startsWith("cakap-exam-") && name !== `cakap-exam-${keep}` : name === `cakap-exam-${only}`)
      await caches.delete(name);
}

const due = (rows) => {
  const rested = rows.filter(({ asked }) => asked && Math.abs(Date.now() - asked) > REST);
  const again = rested.sort((a, b) => a.asked - b.asked).slice(0, MOST_AGAIN);
  return [...rows.filter(({ asked }) => !asked), ...again];
};

// Hand in what is sealed here, each by itself; what cannot be now stays and goes with a later page, and
// holds up no other.
export async function handIn(headers = {}) {
  for (const row of due(await allSealed())) {
    try {
      const { taken } = await ask("/ujian/titipan", { sealed: [row.text] }, { has: "taken", headers });
      if (taken[0]) {
        await dropSealed([row.id]);
        continue;
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    await keepSealed({ ...row, asked: Date.now() });
  }
  const kept = (await allSealed()).filter(({ asked }) => asked);
  await dropSealed(kept.slice(0, -MOST_KEPT).map(({ id }) => id));
}

// Nobody waits for the handing in: the next exam does not, whatever others left here.
async function sealAndHandIn(keys, asked) {
  try {
    await seal(keys, asked);
  } catch {
    // Without the script that seals they wait for the next page.
  }
  handIn().catch(() => {}); // without network they wait, sealed, likewise
}

// Of every sitting but the one at work (`token` is of its sign-in): forget the questions, seal what waits.
export async function clearMachine(keys, { attempt = null, token = null } = {}) {
  await forgetPapers(attempt);
  await forgetPictures(attempt);
  await sealAndHandIn(keys, (event) => event.attempt !== attempt || event.token !== token);
}

// Of one sign-in alone, whose page ends while others may be at work here, at the same attempt too.
export async function clearOwn(keys, { attempt, token }) {
  const kept = await paperOf(attempt);
  if (!kept || kept.paper.deposit === token) {
    await forgetPapers(null, attempt);
    await forgetPictures(null, attempt);
  }
  await sealAndHandIn(keys, (event) => event.attempt === attempt && event.token === token);
}
