// Answers of an attempt whose page is gone: sealed to the server's key, so that the next person at this
// machine cannot read them, and handed in by whatever page of the exam comes next.

import { Refusal, ask } from "./net.js";
import { portion } from "./outbox.js";
import { allEvents, allSealed, dropSealed, forgetPapers, paperOf, replaceBySealed } from "./storage.js";

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
async function seal(keys, asked) {
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
      const content = { token: whose, events: part.map(({ attempt: _, token: __, ...event }) => event) };
      await replaceBySealed(part, await sealed(content, keys));
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

// Hand in what is sealed here, each by itself; what cannot be now stays and goes with the next page, and
// holds up no other.
export async function handIn(headers = {}) {
  for (const { id, text } of await allSealed()) {
    try {
      const { taken } = await ask("/ujian/titipan", { sealed: [text] }, { has: "taken", headers });
      if (taken[0]) await dropSealed([id]);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
}

async function sealAndHandIn(keys, asked) {
  try {
    await seal(keys, asked);
    await handIn();
  } catch {
    // Without network they wait, sealed, for the next page.
  }
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
