// Which page of this machine works at an attempt. Web Locks where the browser has them (a secure
// context); else a channel between the pages and a row in IndexedDB that its holder renews.

import { dropLease, keepLease, leaseOf } from "./storage.js";

const ANSWER = 400, RENEW = 1500, STALE = 5000; // ms
const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join("");

const locks = isSecureContext && "locks" in navigator ? navigator.locks : null;

function lockLease(name, lost) {
  const hold = (options) =>
    new Promise((resolve) => {
      locks
        .request(name, options, (lock) => {
          resolve(Boolean(lock));
          return lock ? new Promise(() => {}) : undefined;
        })
        .catch(() => lost());
    });
  return { claim: () => hold({ ifAvailable: true }), take: () => hold({ steal: true }), release: () => {} };
}

function channelLease(attempt, name, lost) {
  const channel = new BroadcastChannel(name);
  let held = false, renewal = null;
  const start = async () => {
    held = true;
    await keepLease({ attempt, id, at: Date.now() });
    clearInterval(renewal);
    renewal = setInterval(() => held && keepLease({ attempt, id, at: Date.now() }), RENEW);
    return true;
  };
  const stop = () => { held = false; clearInterval(renewal); };
  const asking = new Set();
  channel.addEventListener("message", ({ data }) => {
    if (data.id === id) return;
    if (data.type === "who" && held) channel.postMessage({ type: "held", id });
    if (data.type === "who" && asking.size && data.id > id) channel.postMessage({ type: "held", id });
    if (data.type === "held") asking.forEach((tell) => tell(true));
    if (data.type === "take" && held) { stop(); lost(); }
  });
  const answered = () =>
    new Promise((resolve) => {
      const tell = (yes) => { asking.delete(tell); resolve(yes); };
      asking.add(tell);
      channel.postMessage({ type: "who", id });
      setTimeout(() => tell(false), ANSWER);
    });
  return {
    async claim() {
      if (await answered()) return false;
      // Nobody answered: the page is gone, or asleep. Its row tells, once it is no longer renewed.
      const until = Date.now() + STALE;
      for (let row = await leaseOf(attempt); row && row.id !== id; row = await leaseOf(attempt)) {
        if (Date.now() - row.at > STALE || Date.now() > until) break;
        await new Promise((resolve) => setTimeout(resolve, ANSWER));
      }
      return start();
    },
    take() {
      channel.postMessage({ type: "take", id });
      return start();
    },
    release() {
      if (held) dropLease(attempt);
      stop();
    },
  };
}

// lost(): another page of this machine has taken the attempt over.
export function lease(attempt, lost) {
  const name = `cakap-exam-${attempt}`;
  const own = locks ? lockLease(name, lost) : channelLease(attempt, name, lost);
  addEventListener("pagehide", () => own.release());
  return own;
}

// Tell the other pages of this machine which attempt is being worked at; hear of another's.
export function onOtherAttempt(attempt, told) {
  const channel = new BroadcastChannel("cakap-exam");
  channel.addEventListener("message", ({ data }) => { if (data.attempt !== attempt) told(); });
  if (attempt) channel.postMessage({ attempt });
}
