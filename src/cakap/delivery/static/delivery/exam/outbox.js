// Answers on their way: each is kept on this machine until the server has it. A refused one is set
// aside and shown; it never holds up the ones after it.

import { Backoff, Refusal, Unreachable, ask } from "./net.js";
import { dropEvents, keepEvent } from "./storage.js";

const BATCH = 100;
const BYTES = 96 * 1024; // of one sending; the server and the proxy before it take 256 KiB
// With these the page is no longer the one that may answer; nothing more can be sent from it.
export const LOST = new Set(["OtherAttempt", "OtherDevice", "NotSignedIn"]);

const sizeOf = (event) => new TextEncoder().encode(JSON.stringify(event)).length;

// An event as the server reads it, without what only this machine needs: whose it is, and to whose key it
// is sealed if its page goes.
export const bare = ({ attempt, token, key, ...event }) => event;

// The first of these events that one sending holds: at least one, however large it is.
export function portion(events, { most = BATCH, bytes = BYTES } = {}) {
  let size = 0;
  const end = events.findIndex((event, at) => at >= most || ((size += sizeOf(event)) > bytes && at > 0));
  return end < 0 ? events.slice() : events.slice(0, end);
}

export class Outbox {
  // whose: what every sending names; heard(told): how the attempt stands; changed(): what waits is another; aside(events): refused ones;
  // lost(refusal): this page may not answer any more; headers(): what else a request carries.
  constructor({ whose, heard, changed, aside, lost, trouble, headers }) {
    Object.assign(this, { whose, heard, changed, aside, lost, trouble, headers });
    this.waiting = [];
    this.state = "saved";
    this.backoff = new Backoff();
    this.running = null;
    this.timer = null;
    this.closed = false;
    this.notBefore = 0; // until then the server asked not to be asked (of the page's clock, ms)
    this.newest = 0; // the newest number that the server has taken
  }

  get answers() {
    return this.waiting.filter(({ kind }) => kind === "answer" || kind === "flag");
  }

  restore(events) {
    const here = new Set(this.waiting.map(({ seq }) => seq));
    this.waiting.push(...events.filter(({ seq }) => !here.has(seq)));
    this.waiting.sort((a, b) => a.seq - b.seq);
  }

  async add(event, progress, urgent) {
    this.waiting.push(event);
    if (urgent) this.show("waiting");
    await keepEvent(event, progress);
    if (urgent) this.send();
  }

  show(state) {
    this.state = state;
    this.changed();
  }

  // Seconds for which the server has asked to be left alone.
  get asked() {
    return Math.max(0, this.notBefore - performance.now()) / 1000;
  }

  // Send now, unless a sending is under way or it is too early to try again; `now` waits only for what
  // the server has asked for.
  send({ now = false } = {}) {
    if (now && !this.asked) clearTimeout(this.timer);
    else if (this.timer) return this.running ?? Promise.resolve();
    this.timer = null;
    this.running ??= this.work().finally(() => { this.running = null; });
    return this.running;
  }

  async work() {
    let size = BATCH;
    while (this.waiting.length && !this.closed) {
      const batch = portion(this.waiting, { most: size });
      try {
        const body = { ...this.whose, events: batch.map(bare) };
        this.heard(await ask("/ujian/jawaban", body, { has: "kept", headers: this.headers() }));
        await this.settle(batch);
      } catch (error) {
        if (error instanceof Unreachable) return this.later(error.retryAfter);
        if (!(error instanceof Refusal)) throw error;
        if (error.refused.length) await this.setAside(batch, error);
        else if (LOST.has(error.code)) this.closed = true;
        else if (error.status !== 413 && (error.code !== "BadEvent" || error.status !== 400)) return this.refusedWhole(error);
        else if (size > 1 && batch.length > 1) size = Math.max(1, Math.floor(batch.length / 2));
        else await this.settle(batch, [{ ...batch[0], message: error.message }]);
        if (LOST.has(error.code) && (this.closed || !this.waiting.length)) {
          this.closed = true;
          return this.lost(error);
        }
      }
    }
    if (!this.closed) this.show("saved");
  }

  // What the reply does not name was kept, unless another machine works at the attempt.
  async setAside(batch, error) {
    const named = new Map(error.refused.map((own) => [own.seq, own]));
    const aside = batch.filter(({ seq }) => named.has(seq)).map((event) => ({ ...event, ...named.get(event.seq) }));
    if (!LOST.has(error.code) && "kept" in error.told) this.heard(error.told);
    await this.settle(LOST.has(error.code) ? aside : batch, aside);
  }

  async settle(batch, aside = []) {
    const gone = new Set(batch.map(({ seq }) => seq));
    const refused = new Set(aside.map(({ seq }) => seq));
    this.newest = Math.max(this.newest, ...[...gone].filter((seq) => !refused.has(seq)));
    this.waiting = this.waiting.filter(({ seq }) => !gone.has(seq));
    await dropEvents(batch);
    this.backoff.reset();
    if (aside.length) this.aside(aside);
    this.changed();
  }

  refusedWhole(error) {
    this.trouble(error);
    this.later(0);
  }

  later(retryAfter) {
    this.show("offline");
    this.notBefore = retryAfter ? performance.now() + 1000 * retryAfter : 0;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.timer = null; this.send(); }, this.backoff.next(retryAfter));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
