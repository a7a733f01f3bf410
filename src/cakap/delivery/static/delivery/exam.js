// The exam page. What is chosen is kept on this machine first (IndexedDB), then sent, and counts as
// saved only when the server says so. The server owns the clock; this page shows it.

const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").textContent);
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const make = (tag, values = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), values);
  node.append(...children);
  return node;
};
// Markup was cleaned when it entered the bank.
const markup = (tag, html, values = {}) => make(tag, { ...values, innerHTML: html });
let paper, questions, answers, flagged, seq, place = 0, closes, left_at_pause = 0;
let sending = false, over = false, paused = false;
let outbox = [], heard = new Set(), ends = new Map(), last_shown = null;

// ---- the outbox on this machine -------------------------------------------------------------
const database = new Promise((resolve) => {
  const asked = indexedDB.open("cakap", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("outbox", { keyPath: ["attempt", "seq"] });
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => resolve(null); // a private window: the page works on, without this net
});

async function store(mode, act) {
  const db = await database;
  if (!db) return undefined;
  return new Promise((resolve) => {
    const transaction = db.transaction("outbox", mode, { durability: "strict" });
    const asked = act(transaction.objectStore("outbox"));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onerror = transaction.onabort = () => resolve(undefined);
  });
}

const keepHere = (event) => store("readwrite", (box) => box.put({ ...event, attempt: paper.attempt }));
const dropHere = (event) => store("readwrite", (box) => box.delete([paper.attempt, event.seq]));
const leftHere = async () =>
  ((await store("readonly", (box) => box.getAll())) ?? []).filter((one) => one.attempt === paper.attempt);

// ---- talking to the server ------------------------------------------------------------------
async function ask(url, body) {
  const response = await fetch(url, {
    method: body ? "POST" : "GET",
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
    cache: "no-store",
  });
  const content = await response.json();
  // 503: the server is busy and kept nothing; the answer waits here and goes again.
  if (!response.ok)
    throw Object.assign(new Error(content.message), { refused: response.status !== 503, code: content.code });
  return content;
}

const work = () => outbox.filter((event) => event.kind === "answer" || event.kind === "flag");

function show(state) {
  const n = work().length;
  $("saved").dataset.state = state;
  $("saved").textContent = say(state) + (n ? ` (${say("pending", { n })})` : "");
}

async function send() {
  if (sending || over || !outbox.length) return;
  sending = true;
  let arrived = false;
  const batch = outbox.slice(0, 100);
  try {
    hear(await ask("/ujian/jawaban", { events: batch.map(({ attempt, ...event }) => event) }));
    outbox = outbox.slice(batch.length);
    await Promise.all(batch.map(dropHere));
    show(work().length ? "waiting" : "saved");
    arrived = true;
  } catch (error) {
    show("offline");
    if (error.code === "AnswerConflict") await renumber().catch(() => {});
    else if (error.refused) trouble(error);
  } finally {
    sending = false;
  }
  drawMap();
  if (arrived) send(); // what was chosen meanwhile does not wait for the next round
}

// Another tab of this machine has used these numbers: what waits here goes after what the server has.
async function renumber() {
  const { last_seq } = await ask("/ujian/isi.json");
  seq = Math.max(seq, last_seq);
  for (const event of outbox) {
    await dropHere(event);
    event.seq = ++seq;
    await keepHere(event);
  }
}

function trouble(error) {
  $("trouble").hidden = false;
  $("trouble").textContent = error.message;
  over = over || error.code === "OtherDevice" || error.code === "NotSignedIn";
}

async function happen(kind, item, response, urgent = true) {
  if (over) return;
  const event = { seq: ++seq, kind, item, response, at: new Date().toISOString() };
  outbox.push(event);
  if (urgent) show("waiting");
  await keepHere(event);
  if (urgent) send();
}

// How the attempt stands: time, pause, sections, announcements. The page's clock is set by it.
function hear({ seconds_left, paused: stopped, sections = {}, notices = [] }) {
  closes = performance.now() + seconds_left * 1000;
  left_at_pause = seconds_left;
  for (const [section, seconds] of Object.entries(sections))
    ends.set(Number(section), performance.now() + seconds * 1000);
  for (const [number, text] of notices) {
    if (heard.has(number)) continue;
    heard.add(number);
    const close = make("button", { className: "btn btn-sm", textContent: say("understood") });
    const note = make("div", { className: "alert alert-info exam-notice" }, make("p", { textContent: text }), close);
    note.setAttribute("role", "alert");
    close.addEventListener("click", () => note.remove());
    $("notices").append(note);
  }
  if (stopped !== paused) {
    paused = stopped;
    $("paused").hidden = !paused;
    $("work").hidden = paused;
    $("announce").textContent = say(paused ? "paused" : "running");
  }
}

async function beat() {
  if (over) return;
  try {
    hear(await ask("/ujian/detak", {}));
    if (!work().length) show("saved");
  } catch (error) {
    if (error.refused) trouble(error);
    else show("offline");
  }
}

// ---- answering ------------------------------------------------------------------------------
function choose(question, response) {
  if (response) answers.set(question.id, response);
  else answers.delete(question.id);
  happen("answer", question.id, response);
  drawMap();
}

const answerOf = (question) => answers.get(question.id) ?? "";
const pairsOf = (question) =>
  new Map(answerOf(question).split(" ").filter(Boolean).map((pair) => pair.split(/:(.*)/s, 2)));

function pair(question, row, option) {
  const pairs = pairsOf(question);
  if (option) pairs.set(row, option);
  else pairs.delete(row);
  const rows = question.layout.rows.filter(({ id }) => pairs.has(id));
  choose(question, rows.map(({ id }) => `${id}:${pairs.get(id)}`).join(" "));
}

function picker(question, row, options) {
  const select = make("select", { className: "form-select exam-gap" });
  select.setAttribute("aria-label", row.text ? textOf(row.text) : say("gap", { n: row.number }));
  select.append(make("option", { value: "", textContent: "…" }));
  for (const option of options) select.append(make("option", { value: option.id, textContent: textOf(option.text) }));
  select.value = pairsOf(question).get(row.id) ?? "";
  select.addEventListener("change", () => { pair(question, row.id, select.value); drawUsed(question); });
  return select;
}

// An option that may be used once is taken where it was used.
function drawUsed(question) {
  if (question.layout.reuse !== false || question.kind === "inline") return;
  const used = new Set(pairsOf(question).values());
  for (const select of $("question").querySelectorAll("select"))
    for (const option of select.options)
      option.disabled = Boolean(option.value) && used.has(option.value) && select.value !== option.value;
}

const textOf = (html) => markup("div", html).textContent;

function ticks(question, type, checked, chosen) {
  return question.options.map((option) => {
    const input = make("input", { type, name: `q${question.id}`, value: option.id, checked: checked(option.id) });
    input.addEventListener("change", () => chosen(option.id, input));
    return make("label", {}, input, markup("span", option.text));
  });
}

const one = (question) =>
  ticks(question, "radio", (id) => answerOf(question) === id, (id) => choose(question, id));

function several(question) {
  const most = question.layout.most || question.options.length;
  const chosen = () => new Set(answerOf(question).split(" ").filter(Boolean));
  const boxes = ticks(question, "checkbox", (id) => chosen().has(id), (id, input) => {
    const now = chosen();
    if (input.checked && now.size >= most) {
      input.checked = false;
      $("announce").textContent = say("most", { n: most });
      return;
    }
    if (input.checked) now.add(id);
    else now.delete(id);
    choose(question, question.options.map((option) => option.id).filter((own) => now.has(own)).join(" "));
  });
  return [make("p", { className: "form-hint", textContent: say("several", { n: most }) }), ...boxes];
}

function matrix(question) {
  const head = make("tr", {}, make("td"), ...question.options.map((option) => markup("th", option.text, { scope: "col" })));
  const lines = question.layout.rows.map((row) => {
    const cells = question.options.map((option) => {
      const input = make("input", { type: "radio", name: `q${question.id}-${row.id}`, value: option.id });
      input.checked = pairsOf(question).get(row.id) === option.id;
      input.setAttribute("aria-label", `${textOf(row.text)}: ${textOf(option.text)}`);
      input.addEventListener("change", () => pair(question, row.id, option.id));
      return make("td", {}, input);
    });
    return make("tr", {}, markup("th", row.text, { scope: "row" }), ...cells);
  });
  const table = make("table", { className: "table exam-matrix" }, make("thead", {}, head), make("tbody", {}, ...lines));
  return [make("div", { className: "table-responsive" }, table)];
}

const match = (question) =>
  question.layout.rows.map((row) =>
    make("div", { className: "exam-pair" }, markup("span", row.text), picker(question, row, question.options)));

function order(question) {
  const most = question.layout.most || question.options.length;
  const given = answerOf(question).split(" ").filter(Boolean);
  const rest = question.options.map((option) => option.id).filter((id) => !given.includes(id));
  const list = make("ol", { className: "exam-order" });
  const keep = () => choose(question, [...list.children].slice(0, most).map((line) => line.dataset.id).join(" "));
  const move = (line, by) => {
    const lines = [...list.children];
    const to = lines.indexOf(line) + by;
    if (to < 0 || to >= lines.length) return;
    if (by < 0) list.insertBefore(line, lines[to]);
    else list.insertBefore(lines[to], line);
    $("announce").textContent = say("moved", { n: to + 1 });
    keep();
  };
  for (const id of [...given, ...rest]) {
    const option = question.options.find((own) => own.id === id);
    const buttons = [[-1, "↑", "up"], [1, "↓", "down"]].map(([by, sign, name]) => {
      const button = make("button", { type: "button", className: "btn btn-sm", textContent: sign });
      button.setAttribute("aria-label", `${say(name)}: ${textOf(option.text)}`);
      button.addEventListener("click", () => { move(line, by); button.focus(); });
      return button;
    });
    const line = make("li", {}, markup("span", option.text), ...buttons);
    line.dataset.id = id;
    list.append(line);
  }
  const settle = make("button", { type: "button", className: "btn", textContent: say("settle") });
  settle.addEventListener("click", keep);
  return [make("p", { className: "form-hint", textContent: say("order", { n: most }) }), list, settle];
}

// Written answers are kept when the hand rests, and when it leaves.
function written(question, input, read = (text) => text) {
  let waiting;
  const keep = () => {
    clearTimeout(waiting);
    const response = read(input.value);
    if (response !== undefined && response !== answerOf(question)) choose(question, response);
  };
  input.value = answerOf(question);
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(keep, 700); });
  input.addEventListener("change", keep);
  input.setAttribute("aria-label", say("answer"));
  return input;
}

const essay = (question) =>
  [written(question, make("textarea", { className: "form-control", rows: question.layout.lines || 8, maxLength: question.layout.most || 20000 }))];
const line = (question) =>
  written(question, make("input", { className: "form-control exam-blank", maxLength: question.layout.most || 500, autocomplete: "off" }));

function number(question) {
  const input = make("input", { className: "form-control exam-blank", inputMode: "decimal", autocomplete: "off" });
  return written(question, input, (text) => {
    const plain = text.trim().replace(",", ".");
    const sound = plain === "" || /^-?\d{1,15}([.]\d{1,15})?$/.test(plain);
    input.setAttribute("aria-invalid", !sound);
    input.setCustomValidity(sound ? "" : say("number"));
    if (!sound) input.reportValidity();
    return sound ? plain : undefined;
  });
}

function slider(question) {
  const { lower, upper, step = 1 } = question.layout;
  const input = make("input", { type: "range", className: "form-range", min: lower, max: upper, step });
  input.value = answerOf(question) || lower;
  input.setAttribute("aria-label", say("answer"));
  const shown = make("output", { textContent: answerOf(question) || say("untouched") });
  input.addEventListener("input", () => { shown.textContent = input.value; });
  input.addEventListener("change", () => choose(question, String(input.value)));
  const ends = make("div", { className: "d-flex justify-content-between" }, `${lower}`, shown, `${upper}`);
  return [input, ends];
}

const SVG = "http://www.w3.org/2000/svg";
const spots = {
  circle: ([cx, cy, r]) => ["circle", { cx, cy, r }],
  rect: ([x, y, x2, y2]) => ["rect", { x, y, width: x2 - x, height: y2 - y }],
  poly: (coords) => ["polygon", { points: coords.join(" ") }],
  ellipse: ([cx, cy, rx, ry]) => ["ellipse", { cx, cy, rx, ry }],
};

function hotspot(question) {
  const { image, alt, width, height, shapes } = question.layout;
  const picture = make("img", { src: image, alt });
  const layer = document.createElementNS(SVG, "svg");
  layer.setAttribute("viewBox", `0 0 ${width || 100} ${height || 100}`);
  layer.setAttribute("aria-hidden", "true"); // the list below says the same
  const frame = make("div", { className: "exam-picture" }, picture, layer);
  const options = question.options.map((option, at) => ({ ...option, text: option.text || say("spot", { n: at + 1 }) }));
  const list = ticks({ ...question, options }, "radio", (id) => answerOf(question) === id, (id) => {
    choose(question, id);
    paint();
  });
  const paint = () => {
    for (const shape of layer.children) shape.classList.toggle("chosen", shape.dataset.id === answerOf(question));
  };
  for (const [id, { shape, coords }] of Object.entries(shapes)) {
    const [tag, values] = (spots[shape] ?? spots.rect)(coords);
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(values)) node.setAttribute(name, value);
    node.dataset.id = id;
    node.addEventListener("click", () => list[options.findIndex((one) => one.id === id)].querySelector("input").click());
    layer.append(node);
  }
  paint();
  return [frame, ...list];
}

const kinds = {
  single: one, graded: one, likert: one, multiple: several, matrix, match, rank: order, order,
  essay, slider, hotspot,
};

// What is asked inside the text: a choice or a blank where its mark stands, below where there is none.
function inText(question, legend) {
  const marks = new Map([...legend.querySelectorAll("[data-gap]")].map((node) => [node.dataset.gap, node]));
  if (question.kind === "gap" || question.kind === "inline") {
    question.layout.rows.forEach((row, at) =>
      marks.get(row.id)?.replaceWith(picker(question, { ...row, number: at + 1 }, row.options ?? question.options)));
    return [];
  }
  if (question.kind !== "text" && question.kind !== "numeric") return null;
  const input = question.kind === "text" ? line(question) : number(question);
  const [mark] = marks.values();
  if (!mark) return [input];
  mark.replaceWith(input);
  return [];
}

// ---- sections with a time of their own, and adaptive ones -----------------------------------
// Of an adaptive part the server chooses what comes next, so its earlier answers stay as they are.
const endOf = (part) => questions.findLastIndex((one) => one.part === part);
const asked = (at) => Boolean(questions[at].part.adaptive) && at < endOf(questions[at].part);
const growing = (at) =>
  Boolean(questions[at].part.adaptive) && !questions[at].part.adaptive.ended && at === endOf(questions[at].part);
const leftOf = (part) =>
  ends.has(part.section) ? Math.max(0, Math.round((ends.get(part.section) - performance.now()) / 1000)) : null;
const shut = (part) => Boolean(part.minutes) && (part.left || leftOf(part) === 0);
const locked = (at) => asked(at) || shut(questions[at].part);

function gate(part) {
  const button = make("button", { className: "btn btn-primary", textContent: say("enter") });
  button.addEventListener("click", async () => {
    const before = paper.parts.find((own) => own.minutes && ends.has(own.section) && !shut(own));
    if (before && !(await sure(say("leave", { section: before.title })))) return;
    try {
      const { seconds_left } = await ask("/ujian/bagian", { section: part.section });
      if (before) before.left = true;
      ends.set(part.section, performance.now() + seconds_left * 1000);
      go(place);
      tick();
    } catch (error) {
      trouble(error.refused ? error : new Error(say("broken")));
    }
  });
  return make("div", { className: "card card-body" },
    make("h2", { textContent: part.title }), make("p", { textContent: part.instructions }),
    make("p", { textContent: say("own", { minutes: part.minutes }) }), button);
}

async function forward() {
  if (!growing(place)) return go(place + 1);
  if (!answers.has(questions[place].id)) {
    $("announce").textContent = say("first");
    return trouble(new Error(say("first")));
  }
  const { part } = questions[place];
  await settled();
  if (work().length) return show("offline");
  try {
    const { question } = await ask("/ujian/berikut", { section: part.section });
    $("trouble").hidden = true;
    const end = endOf(part);
    if (question && question.id !== questions[end].id) questions.splice(end + 1, 0, { ...question, part });
    if (!question) part.adaptive.ended = true;
    layMap();
    return go(place + 1);
  } catch (error) {
    return trouble(error.refused ? error : new Error(say("broken")));
  }
}

async function settled() {
  document.activeElement?.blur?.(); // what is being written counts as written
  for (let tries = 0; tries < 5 && outbox.length; tries += 1) await send();
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

function drawMap() {
  $("count").textContent = say("count", { n: answers.size, all: questions.length });
  $("flag").setAttribute("aria-pressed", flagged.has(questions[place].id));
  $("previous").disabled = place === 0;
  $("next").disabled = place === questions.length - 1 && !growing(place);
  const pending = new Set(work().map((event) => event.item));
  [...$("map").children].forEach((button, at) => {
    const { id } = questions[at];
    button.className = "btn btn-sm";
    button.classList.toggle("answered", answers.has(id));
    button.classList.toggle("flagged", flagged.has(id));
    button.classList.toggle("pending", pending.has(id));
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
  if (seconds === 0 && !over && !paused) finish();
}

function warn(text) {
  $("announce").textContent = text;
  $("warning").textContent = text;
  $("warning").hidden = false;
  setTimeout(() => { $("warning").hidden = true; }, 15000);
}

let finishing = false;
async function finish() {
  if (finishing) return;
  finishing = true;
  await settled();
  try {
    await ask("/ujian/selesai", { last_seq: seq });
    over = true;
    location.assign("/ujian/tanda-terima/");
  } catch (error) {
    trouble(error.refused ? error : new Error(say("broken")));
  } finally {
    finishing = false;
  }
}

function keys(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || $("sure").open || paused) return;
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
const look = { zoom: 0, contrast: false, ...JSON.parse(localStorage.getItem("cakap-exam") ?? "{}") };
function dress() {
  document.documentElement.dataset.zoom = look.zoom;
  document.documentElement.classList.toggle("exam-contrast", look.contrast);
  $("contrast").setAttribute("aria-pressed", look.contrast);
  localStorage.setItem("cakap-exam", JSON.stringify(look));
}
const zoom = (by) => { look.zoom = Math.max(-1, Math.min(4, look.zoom + by)); dress(); };

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

async function begin() {
  paper = await ask("/ujian/isi.json");
  questions = paper.parts.flatMap((part) => part.questions.map((question) => ({ ...question, part })));
  answers = new Map(Object.entries(paper.answers).map(([id, option]) => [Number(id), option]));
  flagged = new Set(paper.flagged);
  seq = paper.last_seq;
  for (const part of paper.parts) part.left = paper.left.includes(part.section);
  hear(paper);
  // What this machine still holds goes after what the server has: a new number, the same content.
  for (const event of (await leftHere()).sort((a, b) => a.seq - b.seq)) {
    await dropHere(event);
    if (event.seq <= paper.last_seq) continue;
    if (event.kind === "answer" && event.response) answers.set(event.item, event.response);
    if (event.kind === "answer" && !event.response) answers.delete(event.item);
    outbox.push({ ...event, seq: ++seq });
    await keepHere(outbox.at(-1));
  }
  if (paper.larger_type) look.zoom = Math.max(look.zoom, 2);
  dress();
  layMap();
  $("previous").addEventListener("click", () => go(place - 1));
  $("next").addEventListener("click", forward);
  $("flag").addEventListener("click", toggleFlag);
  $("finish").addEventListener("click", review);
  $("larger").addEventListener("click", () => zoom(1));
  $("smaller").addEventListener("click", () => zoom(-1));
  $("contrast").addEventListener("click", () => { look.contrast = !look.contrast; dress(); });
  document.addEventListener("keydown", keys);
  addEventListener("online", send);
  addEventListener("pagehide", () => document.activeElement?.blur?.());
  notice();
  setInterval(send, 3000);
  setInterval(tick, 1000);
  setInterval(beat, 15000);
  const first = questions.findIndex((question) => !answers.has(question.id));
  go(first < 0 ? 0 : first);
  show(work().length ? "waiting" : "saved");
  tick();
  send();
}

begin().catch(trouble);
