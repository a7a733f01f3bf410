// The exam page. What is chosen is kept on this machine first, then sent, and counts as saved only when
// the server says so. The server owns the clock; this page shows it.

import { $, make, markup, say, textOf } from "./exam/dom.js";
import { lease, onOtherAttempt } from "./exam/lease.js";
import { clearMachine, clearOwn, forgetPictures } from "./exam/leftovers.js";
import { Backoff, Refusal, Unreachable, ask, pause } from "./exam/net.js";
import { LOST, Outbox } from "./exam/outbox.js";
import { allEvents, forgetPapers, keepPaper, keepProgress, paperOf, progressOf } from "./exam/storage.js";
import { bind, drawUsed, inText, kinds } from "./exam/types.js";

const { attempt: named, device, sealTo, nacl, deposit } = $("exam").dataset;
const attempt = Number(named);
const whose = { attempt, device }; // every request says so: the machine's token may be of a later sign-in
const keys = { sealTo, naclSource: nacl };
let paper, questions, answers, flagged, typed, seq, place = 0, closes, left_at_pause = 0;
let page = 0, over = true, paused = false, ended = null, from_kept = false, heard_at = 0;
let heard = new Set(), ends = new Map(), last_shown = null;
let unanswered = 0; // openings whose reply never came: each may count on the server, perhaps later
let opening = new AbortController(); // aborted when this page is no longer the one that shall open the exam

// ---- this page, this machine, the server ----------------------------------------------------
// What else a request carries; Safe Exam Browser's proof is added here where it is asked for.
const headers = () => ({});
const tell = (url, has, body = {}, stop = undefined) =>
  ask(url, { ...whose, ...body }, { has, headers: headers(), stop });

const outbox = new Outbox({
  whose,
  heard: hear,
  changed() {
    const n = outbox.answers.length;
    $("saved").dataset.state = outbox.state;
    $("saved").textContent = say(outbox.state) + (n ? ` (${say("pending", { n })})` : "");
    if (questions) drawMap();
  },
  aside(events) {
    const own = events.filter(({ kind }) => kind === "answer");
    if (own.length) {
      setAside.push(...own);
      $("aside").hidden = false;
      $("aside").textContent = `${say("aside", { n: setAside.length })} ${own[0].message}`;
    }
    refresh();
  },
  lost: leave,
  trouble,
  headers,
});
const setAside = [];
const work = () => outbox.answers;

// Where the participant stands, for a reload without network.
const progress = () => ({
  attempt, page, seq, answers: [...answers], flagged: [...flagged], typed: [...typed],
  left: left(), at: Date.now(), paused,
  sections: Object.fromEntries([...ends.keys()].map((section) => [section, secondsOf(section)])),
  gone: paper.parts.filter((part) => part.left).map((part) => part.section),
});

function trouble(error) {
  $("trouble").hidden = false;
  $("trouble").textContent = error.message || say("broken");
}

// This page may not answer any more: another person or another machine does. Nothing of it stays readable.
async function leave(refusal) {
  over = true;
  opening.abort();
  outbox.close();
  trouble(refusal);
  $("work").hidden = $("paused").hidden = $("left").hidden = $("saved").hidden = true;
  $("elsewhere").hidden = true;
  $("question").replaceChildren();
  await clearOwn(keys, { attempt, token: deposit });
}

// Another page of the same person on this machine works on; what waits here goes on being sent.
function lose() {
  if (outbox.closed) return;
  over = true;
  opening.abort();
  $("work").hidden = true;
  $("elsewhere").hidden = false;
}

// What the server holds, after it refused something that this page shows as answered. What was answered
// while the reply was on its way is newer than the reply.
let since = null; // the events since the newest reading began
async function refresh() {
  const own = (since = []);
  const unsent = [...outbox.waiting];
  try {
    const told = await ask(`/ujian/isi.json?attempt=${attempt}`, undefined, { has: "parts", headers: headers() });
    if (since !== own || over) return;
    const changes = !staysAsShown(told, [...unsent, ...own]);
    if (changes) document.activeElement?.blur?.(); // what is being written is newer too
    answers = new Map(byItem(told.answers));
    flagged = new Set(told.flagged);
    typed = new Map(byItem(told.typed));
    for (const event of [...unsent, ...own]) apply(event);
    if (changes) drawQuestion();
    drawMap();
  } catch (error) {
    if (!(error instanceof Unreachable)) trouble(error);
  } finally {
    if (since === own) since = null;
  }
}

function staysAsShown(told, newer) {
  const { id } = questions[place];
  if (newer.some(({ item, kind }) => item === id && ["answer", "typed"].includes(kind))) return true;
  return (told.answers[id] ?? "") === (answers.get(id) ?? "") && (told.typed[id] ?? "") === (typed.get(id) ?? "");
}

function apply({ kind, item, response }) {
  if (kind === "answer" && response) answers.set(item, response);
  if (kind === "answer" && !response) answers.delete(item);
  if (kind === "typed") typed.set(item, response);
  if (kind === "flag" && response) flagged.add(item);
  if (kind === "flag" && !response) flagged.delete(item);
}

async function happen(kind, item, response, urgent = true) {
  if (over) return;
  const at = new Date().toISOString();
  const event = { seq: ++seq, kind, item, response, at, attempt, token: paper.deposit, key: sealTo };
  since?.push(event);
  await outbox.add(event, progress(), urgent);
}

// How the attempt stands: time, pause, sections, announcements, the end. The page's clock is set by it.
function hear(told) {
  const { seconds_left, paused: stopped, sections = {}, notices = [] } = told;
  if (told.page > page && page && !over) hearOfPage(told.page);
  if (closes !== undefined && !paused && !stopped) tellOfMoreTime(seconds_left - left());
  closes = performance.now() + seconds_left * 1000;
  left_at_pause = seconds_left;
  for (const [section, seconds] of Object.entries(sections))
    ends.set(Number(section), performance.now() + seconds * 1000);
  for (const [number, text] of notices) if (!heard.has(number)) announce(number, text);
  if (told.aids) followAids(told.aids);
  if (stopped !== paused) {
    paused = stopped;
    $("paused").hidden = !paused;
    $("work").hidden = paused || over || Boolean(ended);
    $("announce").textContent = say(paused ? "paused" : "running");
  }
  hearOfEnd(told.ended ?? null);
  heard_at = performance.now();
}

// An accommodation may be given while its participant is at work.
function followAids({ larger_type, reader: reads }) {
  if (!paper || (paper.larger_type === larger_type && paper.reader === reads)) return;
  const larger = larger_type && !paper.larger_type;
  Object.assign(paper, { larger_type, reader: reads });
  if (larger) look.zoom = Math.max(look.zoom, 2);
  dress();
  document.activeElement?.blur?.(); // what is being written is kept before the question is drawn again
  drawQuestion();
}

function hearOfPage(newest) {
  // A page that goes on from what this machine keeps does not know how often it was loaded before; another
  // tab of this machine would have said so itself.
  if (newest > page + unanswered && !from_kept) return lose();
  from_kept = false;
  unanswered = Math.max(0, unanswered - (newest - page));
  page = newest; // its numbers are nobody's; this page goes on with those that it has
}

// By less than this the server's clock and the page's may differ, without anybody having given time.
const GIVEN = 45; // s
function tellOfMoreTime(seconds) {
  if (seconds >= GIVEN) showNotice(say("more", { minutes: Math.round(seconds / 60) }));
}

function announce(number, text) {
  heard.add(number);
  showNotice(text);
}

function showNotice(text) {
  const close = make("button", { className: "btn btn-sm", textContent: say("understood") });
  const note = make("div", { className: "alert alert-info exam-notice" }, make("p", { textContent: text }), close);
  note.setAttribute("role", "alert");
  close.addEventListener("click", () => note.remove());
  $("notices").append(note);
}

// The session is held at another time: nothing of the paper is shown until it is opened again. What waits
// here is sent on, or kept until then.
const POSTPONED = "postponed";
const reopening = new Backoff(15000, 60000);
// A page that was cut off when the time ended does not hand in by itself: the time may be given back.
const IN_TOUCH = 90000; // ms
// Only the server says that it is over or waits: {by: "time" | "submitted" | "postponed" | …, message}.
function hearOfEnd(told) {
  const before = ended?.by;
  ended = told;
  if (ended?.by === before) return;
  $("ended").hidden = !ended;
  $("left").hidden = Boolean(ended);
  if (!ended) {
    $("work").hidden = paused || over;
    if (before === POSTPONED) $("trouble").hidden = true;
    if (before === POSTPONED && started) drawQuestion();
    return;
  }
  $("ended").textContent = ended.message ?? "";
  if (ended.by === "submitted") location.replace("/ujian/tanda-terima/");
  else if (ended.by === "time" && performance.now() - heard_at < IN_TOUCH) finish({ asked: false });
  else {
    document.activeElement?.blur?.(); // what is being written is kept before it is taken from sight
    $("work").hidden = true;
    if (ended.by === POSTPONED) $("question").replaceChildren();
    if (["closed", "time"].includes(ended.by))
      $("ended").append(" ", make("a", { href: "/ujian/tanda-terima/", textContent: say("receipt") }));
  }
}

const beating = new Backoff(5000, 60000);
let beatUnderWay = null, nextBeat = 0, soonestBeat = 0;
function beat() {
  beatUnderWay ??= askHowItStands().finally(() => { beatUnderWay = null; });
  return beatUnderWay;
}

async function askHowItStands() {
  if (over && outbox.closed) return;
  nextBeat = soonestBeat = performance.now() + 15000;
  try {
    hear(await tell("/ujian/detak", "seconds_left"));
    beating.reset();
    soonestBeat = performance.now() + 3000; // where the clock shows that it is over
    if (!work().length && outbox.state !== "saved") outbox.show("saved");
  } catch (error) {
    if (error instanceof Unreachable) {
      nextBeat = soonestBeat = performance.now() + Math.max(15000, beating.next(error.retryAfter));
      outbox.show("offline");
    } else if (LOST.has(error.code)) await leaveAfterSending(error);
    else trouble(error);
  }
}

// What still waits is sent once more: from a machine that was replaced it becomes evidence.
async function leaveAfterSending(error) {
  if (outbox.waiting.length) await outbox.send({ now: true });
  if (!outbox.closed) await leave(error);
}

// ---- answering ------------------------------------------------------------------------------
function choose(question, response) {
  if (response) answers.set(question.id, response);
  else answers.delete(question.id);
  happen("answer", question.id, response);
  drawMap();
}

function type(question, text) {
  typed.set(question.id, text);
  happen("typed", question.id, text, false);
}

// ---- sections with a time of their own, and adaptive ones -----------------------------------
// Of an adaptive part the server chooses what comes next, so its earlier answers stay as they are.
const endOf = (part) => questions.findLastIndex((one) => one.part === part);
const asked = (at) => Boolean(questions[at].part.adaptive) && at < endOf(questions[at].part);
const growing = (at) =>
  Boolean(questions[at].part.adaptive) && !questions[at].part.adaptive.ended && at === endOf(questions[at].part);
const secondsOf = (section) => Math.max(0, Math.round((ends.get(section) - performance.now()) / 1000));
const leftOf = (part) => (ends.has(part.section) ? secondsOf(part.section) : null);
const shut = (part) => Boolean(part.minutes) && (part.left || leftOf(part) === 0);
const locked = (at) => asked(at) || shut(questions[at].part);

let entering = false;
function gate(part) {
  const button = make("button", { className: "btn btn-primary", textContent: say("enter") });
  button.addEventListener("click", async () => {
    if (entering) return; // pressing is no way round how long the server asked to wait
    entering = true;
    const before = paper.parts.find((own) => own.minutes && ends.has(own.section) && !shut(own));
    try {
      if (before && !(await sure(say("leave", { section: before.title })))) return;
      // What was answered before is with the server first: it would count as late afterwards.
      const entered = await patiently(async () => {
        await settled();
        return tell("/ujian/bagian", "seconds_left", { section: part.section, last_seq: outbox.newest });
      });
      if (!entered) return;
      const { seconds_left } = entered;
      if (before) before.left = true;
      ends.set(part.section, performance.now() + seconds_left * 1000);
      await keepProgress(progress());
      go(place);
      tick();
    } catch (error) {
      trouble(error);
    } finally {
      entering = false;
    }
  });
  return make("div", { className: "card card-body" },
    make("h2", { textContent: part.title }), make("p", { textContent: part.instructions }),
    make("p", { textContent: say("own", { minutes: part.minutes }) }), button);
}

let asking = false;
async function forward() {
  if (!growing(place)) return go(place + 1);
  if (!answers.has(questions[place].id)) {
    $("announce").textContent = say("first");
    return trouble(new Error(say("first")));
  }
  if (asking) return;
  asking = true;
  $("next").disabled = true;
  try {
    const { part } = questions[place];
    const told = await patiently(async () => {
      await settled();
      return tell("/ujian/berikut", "question", { section: part.section });
    });
    if (told) grow(part, told.question);
  } catch (error) {
    trouble(error);
  } finally {
    asking = false;
    drawMap();
  }
}

function grow(part, question) {
  const end = endOf(part);
  if (question && question.id !== questions[end].id) {
    questions.splice(end + 1, 0, { ...question, part });
    part.questions.push(question);
  }
  if (!question) part.adaptive.ended = true;
  keepPaper({ attempt, paper });
  layMap();
  go(place + 1);
}

// Try until the server answers, waiting longer each time and as long as it asks for; a refusal is thrown,
// but for one that may pass.
async function patiently(act, mayPass = () => false) {
  const backoff = new Backoff();
  while (!over) {
    try {
      const done = await act();
      $("trouble").hidden = true;
      return done;
    } catch (error) {
      const isUnreachable = error instanceof Unreachable;
      if (!isUnreachable && !mayPass(error)) throw error;
      trouble(error);
      if (isUnreachable) outbox.show("offline");
      await pause(backoff.next(error.retryAfter));
    }
  }
  return null;
}

// Everything that is being written or waits is with the server; Unreachable while it is not.
async function settled() {
  document.activeElement?.blur?.(); // what is being written counts as written
  await pause(0);
  await outbox.send({ now: true });
  if (outbox.waiting.length) throw new Unreachable(outbox.asked);
}

// ---- the page -------------------------------------------------------------------------------
function layMap() {
  $("map").replaceChildren(
    ...questions.map((_, at) => {
      const button = make("button", { textContent: at + 1 });
      button.addEventListener("click", () => go(at));
      return button;
    }),
  );
}

function drawQuestion() {
  const question = questions[place];
  const { part } = question;
  const head = make("p", { className: "text-secondary", textContent: say("place", { section: part.title, n: place + 1, all: questions.length }) });
  if (part.minutes && !ends.has(part.section)) return $("question").replaceChildren(head, gate(part));
  const legend = markup("legend", question.stem);
  const fieldset = make("fieldset", {}, legend);
  fieldset.append(...(inText(question, legend) ?? kinds[question.kind](question)));
  fieldset.disabled = locked(place);
  const shown = [head, make("p", { textContent: part.instructions })];
  if (shut(part)) shown.push(make("p", { className: "alert alert-warning", textContent: say("shut") }));
  const about = paper.stimuli[question.stimulus];
  if (about)
    shown.push(make("section", { className: "card card-body exam-about" }, make("h2", { textContent: about.title }), markup("div", about.content)));
  if (paper.reader && "speechSynthesis" in window) shown.push(reader(question, about));
  $("question").replaceChildren(...shown, fieldset);
  $("question").dataset.kind = question.kind;
  drawUsed(question);
  if (last_shown !== question.id) {
    last_shown = question.id;
    happen("shown", question.id, "", false);
  }
}

function reader(question, about) {
  const button = make("button", { type: "button", className: "btn btn-sm mb-2", textContent: say("read") });
  button.addEventListener("click", () => {
    const texts = [about?.content ?? "", question.stem, ...question.options.map((option) => option.text)];
    const spoken = new SpeechSynthesisUtterance(texts.map(textOf).join(". "));
    spoken.lang = document.documentElement.lang;
    speechSynthesis.cancel();
    speechSynthesis.speak(spoken);
  });
  return button;
}

// The map follows after the answer has been painted, many changes at once, and only where one changed.
let drawing = false;
function drawMap() {
  $("next").disabled = place === questions.length - 1 && !growing(place);
  $("previous").disabled = place === 0;
  $("flag").setAttribute("aria-pressed", flagged.has(questions[place].id));
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => setTimeout(() => { drawing = false; paintMap(); }, 0));
}

function paintMap() {
  $("count").textContent = say("count", { n: answers.size, all: questions.length });
  const pending = new Set(work().map((event) => event.item));
  [...$("map").children].forEach((button, at) => {
    const { id } = questions[at] ?? {};
    const state = [answers.has(id) && "answered", flagged.has(id) && "flagged", pending.has(id) && "pending", at === place && "here"];
    const look = state.filter(Boolean).join(" ");
    if (button.dataset.look === look) return;
    button.dataset.look = look;
    button.className = `btn btn-sm ${look}`;
    const said = [say(answers.has(id) ? "answered" : "open")];
    if (flagged.has(id)) said.push(say("doubt"));
    if (pending.has(id)) said.push(say("network"));
    button.setAttribute("aria-label", `${say("item", { n: at + 1 })}, ${said.join(", ")}`);
    if (at === place) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
}

function go(to) {
  document.activeElement?.blur?.();
  place = Math.max(0, Math.min(questions.length - 1, to));
  drawQuestion();
  drawMap();
}

function toggleFlag() {
  const { id } = questions[place];
  const on = !flagged.has(id);
  if (on) flagged.add(id);
  else flagged.delete(id);
  happen("flag", id, on ? "1" : "");
  drawMap();
}

function sure(text) {
  $("sure-text").textContent = text;
  $("sure").showModal();
  return new Promise((resolve) => {
    const end = (yes) => { $("sure").close(); resolve(yes); };
    $("yes").onclick = () => end(true);
    $("no").onclick = () => end(false);
    $("sure").oncancel = () => resolve(false);
  });
}

// Before the end: what is open and what is in doubt, each a step away.
async function review() {
  const [n, all] = [answers.size, questions.length];
  const doubts = questions.filter(({ id }) => flagged.has(id)).length;
  if (await sure(say("sure", { n, all, open: all - n, doubts }))) finish();
}

const left = () => Math.max(0, Math.round(paused ? left_at_pause : (closes - performance.now()) / 1000));
const spoken = (seconds) => say("left", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
const clockOf = (seconds) =>
  [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((n) => String(n).padStart(2, "0")).join(":");

function tick() {
  const seconds = left();
  $("clock").textContent = clockOf(seconds);
  if (!paused && [600, 300, 60].includes(seconds)) warn(spoken(seconds));
  const { part } = questions[place];
  const own = part.minutes && !paused ? leftOf(part) : null;
  $("own-clock").textContent = own === null ? "" : say("part", { clock: clockOf(own) });
  if (own === 60) warn(say("part", { clock: clockOf(own) }));
  if (own === 0 && !part.told) {
    part.told = true;
    drawQuestion();
  }
  const looksOver = seconds === 0 && !paused && !over;
  if (performance.now() > (looksOver ? soonestBeat : nextBeat)) beat();
}

function warn(text) {
  $("announce").textContent = text;
  $("warning").textContent = text;
  $("warning").hidden = false;
  setTimeout(() => { $("warning").hidden = true; }, 15000);
}

// Whoever pressed is told of a refusal and can press again. When time is up nobody presses: what was
// refused because answers are on their way, or for where the machine stands, is asked again.
const mayPass = (error) => error instanceof Refusal && !LOST.has(error.code) && error.code !== "TimeIsUp";
let finishing = false;
async function finish({ asked = true } = {}) {
  if (finishing || over) return;
  finishing = true;
  try {
    const done = await patiently(async () => {
      await settled();
      if (!asked && !ended) return null; // time was given meanwhile
      return tell("/ujian/selesai", "code", { last_seq: outbox.newest });
    }, (error) => ended?.by === "time" && mayPass(error));
    if (!done) return;
    over = true;
    outbox.close();
    await forgetPapers();
    await forgetPictures();
    location.replace("/ujian/tanda-terima/");
  } catch (error) {
    trouble(error);
  } finally {
    finishing = false;
  }
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || $("sure").open || paused || over) return;
  const writing = event.target.matches?.("textarea, select, input:not([type=radio]):not([type=checkbox])");
  if (writing) return;
  const key = event.key.toLowerCase();
  if (key === "arrowright" && event.target.type !== "radio") forward();
  else if (key === "arrowleft" && event.target.type !== "radio") go(place - 1);
  else if (key === "r") toggleFlag();
  else if (key === "w") $("announce").textContent = spoken(left());
  else if (/^[1-9]$/.test(key) && !questions[place].layout.rows) $("question").querySelectorAll("label input")[key - 1]?.click();
}

// ---- how it looks, kept on this machine -----------------------------------------------------
// What is there may be anything, and some browsers refuse to keep or to tell: the exam goes on without.
const SMALLEST = matchMedia("(pointer: coarse)").matches ? 0 : -1; // in a hand nothing is below 16 px
function remembered() {
  try {
    const { zoom, contrast } = JSON.parse(localStorage.getItem("cakap-exam") ?? "{}");
    return { zoom: Number.isInteger(zoom) ? Math.max(SMALLEST, zoom) : 0, contrast: contrast === true };
  } catch {
    return { zoom: 0, contrast: false };
  }
}

const look = remembered();
function dress() {
  document.documentElement.dataset.zoom = look.zoom;
  document.documentElement.classList.toggle("exam-contrast", look.contrast);
  $("contrast").setAttribute("aria-pressed", look.contrast);
  try {
    localStorage.setItem("cakap-exam", JSON.stringify(look));
  } catch {
    // It is dressed all the same.
  }
}
const zoom = (by) => { look.zoom = Math.max(SMALLEST, Math.min(4, look.zoom + by)); dress(); };

// What a proctor may want to know; nobody fails by it.
function notice() {
  let away = false;
  const leave = () => { if (!away) { away = true; happen("focus", questions[place].id, "lost", false); } };
  const back = () => { if (away) { away = false; happen("focus", questions[place].id, "back", false); } };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : back()));
  addEventListener("blur", leave);
  addEventListener("focus", back);
  for (const name of ["copy", "cut", "paste"])
    document.addEventListener(name, () => happen("copy", questions[place].id, name, false));
  addEventListener("beforeprint", () => happen("copy", questions[place].id, "print", false));
}

// Back stays in the exam: leaving it is a decision, made with its own button.
const hands = ["pointerdown", "keydown"]; // only what was done by hand lets a page hold Back
function stayHere() {
  for (const name of hands) document.removeEventListener(name, stayHere);
  history.replaceState(null, "", "/ujian/kerja/");
  history.pushState(null, "", "/ujian/kerja/");
  addEventListener("popstate", () => {
    history.pushState(null, "", location.href);
    $("announce").textContent = say("stay");
  });
}

// The shell and its pictures stay on this machine until the exam is over, so that a reload without
// network finds them. Only a secure context has a service worker.
async function keepShell() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/ujian/kerja-luring.js", { scope: "/ujian/" });
    const { active } = await navigator.serviceWorker.ready;
    // Pictures too, of before it was there.
    const files = performance.getEntriesByType("resource").map(({ name }) => new URL(name));
    const needed = files.filter(({ pathname }) => /^\/(static|ujian\/berkas)\//.test(pathname)).map(({ href }) => href);
    active.postMessage({ attempt, keep: [location.href, ...needed] });
  } catch {
    // Without it the exam works on; only a reload without network does not.
  }
}

const byItem = (told) => Object.entries(told).map(([item, own]) => [Number(item), own]);
const stateIn = (told) => ({ answers: byItem(told.answers), flagged: told.flagged, typed: byItem(told.typed) });

// The paper from the server; where that cannot be reached, as this machine kept it.
async function open(stop) {
  const backoff = new Backoff();
  while (!stop.aborted) {
    try {
      const told = await tell("/ujian/isi.json", "parts", {}, stop);
      if (stop.aborted) break;
      page = told.page;
      seq = told.seq_from;
      outbox.newest = Math.max(outbox.newest, told.last_seq);
      await keepPaper({ attempt, paper: told });
      from_kept = false;
      return { told, state: stateIn(told) };
    } catch (error) {
      if (error instanceof Unreachable) unanswered += 1;
      if (stop.aborted) break;
      if (error.code === "Postponed") {
        hearOfEnd({ by: POSTPONED, message: error.message });
        await pause(reopening.next());
        continue;
      }
      if (!(error instanceof Unreachable)) throw error;
      const kept = await keptHere(stop);
      if (kept) return kept;
      outbox.show("offline");
      await pause(backoff.next(error.retryAfter));
    }
  }
  return null;
}

async function keptHere(stop) {
  const [row, state] = [await paperOf(attempt), await progressOf(attempt)];
  if (stop.aborted) return null;
  // Of an earlier sign-in of this machine: what another machine did since is not in it.
  if (!row || row.paper.deposit !== deposit) return null;
  const told = { ...row.paper };
  from_kept = true;
  if (state) {
    // The paper may have been opened once more after the last note of where the participant stood.
    page = Math.max(state.page, row.paper.page);
    seq = state.page < page ? row.paper.seq_from : state.seq;
    told.paused = state.paused;
    const since = (seconds) => (state.paused ? seconds : Math.max(0, seconds - (Date.now() - state.at) / 1000));
    told.seconds_left = since(state.left);
    told.sections = Object.fromEntries(Object.entries(state.sections ?? {}).map(([own, seconds]) => [own, since(seconds)]));
    told.left = state.gone ?? told.left;
  } else {
    ({ page, seq_from: seq } = told);
  }
  return { told, state: state ?? stateIn(told) };
}

// Whether it was: not where another page has taken the exam over meanwhile.
async function load(stop) {
  const opened = await open(stop);
  const kept = await allEvents();
  if (!opened || stop.aborted) return false;
  const { told, state } = opened;
  over = false;
  paper = told;
  questions = paper.parts.flatMap((part) => part.questions.map((question) => ({ ...question, part })));
  answers = new Map(state.answers);
  flagged = new Set(state.flagged);
  typed = new Map(state.typed);
  bind({ get answers() { return answers; }, get typed() { return typed; }, choose, type });
  for (const part of paper.parts) part.left = paper.left.includes(part.section);
  hear(paper);
  if (from_kept) heard_at = -IN_TOUCH;
  // What this machine still holds of this sitting is sent with the number it was given.
  const same = kept.filter((event) => event.attempt === attempt);
  outbox.restore(same.filter(({ token }) => !token || token === paper.deposit));
  outbox.waiting.forEach(apply);
  // No number that is kept here already is given again, whosesoever it is: of another sign-in, or of another
  // server's attempt of this number. The new event would take its place.
  seq = Math.max(seq, ...same.filter((event) => event.seq <= seq + 50000).map((event) => event.seq));
  return true;
}

let started = false;
async function begin() {
  opening.abort();
  opening = new AbortController();
  if (!(await load(opening.signal))) return;
  clearMachine(keys, { attempt, token: paper.deposit }).then(keepShell);
  onOtherAttempt(attempt, async () => {
    await beatUnderWay; // it may have been answered before
    beat();
  });
  $("map-box").open = matchMedia("(min-width: 700px)").matches;
  if (paper.larger_type) look.zoom = Math.max(look.zoom, 2);
  dress();
  layMap();
  const first = questions.findIndex((question) => !answers.has(question.id));
  go(Math.max(first, 0));
  $("work").hidden = over || paused || Boolean(ended);
  keepProgress(progress());
  outbox.show(work().length ? "waiting" : "saved");
  if (!started) listen();
  started = true;
  tick();
  outbox.send({ now: true });
}

function listen() {
  $("previous").addEventListener("click", () => go(place - 1));
  // Leaving a written answer saves it, and what then moves must not take the button from under the finger.
  for (const id of ["previous", "next", "flag", "finish"])
    $(id).addEventListener("pointerdown", (press) => press.currentTarget.setPointerCapture(press.pointerId));
  $("next").addEventListener("click", forward);
  $("flag").addEventListener("click", toggleFlag);
  $("finish").addEventListener("click", review);
  $("larger").addEventListener("click", () => zoom(1));
  $("smaller").addEventListener("click", () => zoom(-1));
  $("contrast").addEventListener("click", () => { look.contrast = !look.contrast; dress(); });
  document.addEventListener("keydown", onKey);
  for (const name of hands) document.addEventListener(name, stayHere);
  addEventListener("online", () => outbox.send({ now: true }));
  addEventListener("pageshow", ({ persisted }) => persisted && beat());
  addEventListener("pagehide", () => document.activeElement?.blur?.());
  notice();
  setInterval(() => outbox.send(), 3000);
  setInterval(tick, 1000);
}

const own = lease(attempt, lose);
$("take").addEventListener("click", async () => {
  $("elsewhere").hidden = true;
  await own.take();
  if (outbox.closed) return location.reload();
  ended = null;
  begin().catch(failed);
});

async function failed(error) {
  if (error instanceof Refusal && LOST.has(error.code)) await leave(error);
  else trouble(error);
}

if (await own.claim()) begin().catch(failed);
else {
  $("work").hidden = true;
  $("elsewhere").hidden = false;
}
