// The exam page. What is chosen is kept on this machine first (IndexedDB), then sent, and counts as
// saved only when the server says so. The server owns the clock; this page shows it.

const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").textContent);
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
let paper, questions, answers, flagged, seq, place = 0, closes, sending = false, over = false;
let outbox = [];

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
    const transaction = db.transaction("outbox", mode);
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

function show(state) {
  $("saved").dataset.state = state;
  $("saved").textContent = say(state) + (outbox.length ? ` (${say("pending", { n: outbox.length })})` : "");
}

async function send() {
  if (sending || !outbox.length) return;
  sending = true;
  let arrived = false;
  const batch = outbox.slice(0, 100);
  try {
    await ask("/ujian/jawaban", { events: batch.map(({ attempt, ...event }) => event) });
    outbox = outbox.slice(batch.length);
    await Promise.all(batch.map(dropHere));
    show(outbox.length ? "waiting" : "saved");
    arrived = true;
  } catch (error) {
    show("offline");
    if (error.refused) trouble(error);
  } finally {
    sending = false;
  }
  draw();
  if (arrived) send(); // what was chosen meanwhile does not wait for the next round
}

function trouble(error) {
  $("trouble").hidden = false;
  $("trouble").textContent = error.message;
  over = over || error.code === "OtherDevice" || error.code === "NotSignedIn";
}

async function happen(kind, item, response) {
  if (over) return;
  const event = { seq: ++seq, kind, item, response, at: new Date().toISOString() };
  outbox.push(event);
  show("waiting");
  await keepHere(event);
  send();
}

// ---- the page -------------------------------------------------------------------------------
function choose(question, option) {
  answers.set(question.id, option);
  happen("answer", question.id, option);
  draw();
}

// Of an adaptive part the server chooses what comes next, so its earlier answers stay as they are.
const endOf = (part) => questions.findLastIndex((one) => one.part === part);
const locked = (at) => Boolean(questions[at].part.adaptive) && at < endOf(questions[at].part);
const growing = (at) =>
  Boolean(questions[at].part.adaptive) && !questions[at].part.adaptive.ended && at === endOf(questions[at].part);

async function forward() {
  if (!growing(place)) return go(place + 1);
  if (!answers.has(questions[place].id)) {
    $("announce").textContent = say("first");
    return trouble(new Error(say("first")));
  }
  const { part } = questions[place];
  for (let tries = 0; tries < 5 && outbox.length; tries += 1) await send();
  if (outbox.length) return show("offline");
  try {
    const { question } = await ask("/ujian/berikut", { section: part.adaptive.section });
    $("trouble").hidden = true;
    const end = endOf(part);
    if (question && question.id !== questions[end].id) questions.splice(end + 1, 0, { ...question, part });
    if (!question) part.adaptive.ended = true;
    drawMap();
    return go(place + 1);
  } catch (error) {
    return trouble(error.refused ? error : new Error(say("broken")));
  }
}

function drawMap() {
  $("map").replaceChildren(
    ...questions.map((_, at) => {
      const button = document.createElement("button");
      button.textContent = at + 1;
      button.addEventListener("click", () => go(at));
      return button;
    }),
  );
}

function drawQuestion() {
  const question = questions[place];
  const legend = document.createElement("legend");
  legend.innerHTML = question.stem; // cleaned when it entered the bank
  const head = document.createElement("p");
  head.className = "text-secondary";
  head.textContent = say("place", { section: question.part.title, n: place + 1, all: questions.length });
  const fieldset = document.createElement("fieldset");
  fieldset.append(legend);
  for (const option of question.options) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: `q${question.id}`, value: option.id });
    input.checked = answers.get(question.id) === option.id;
    input.disabled = locked(place);
    input.addEventListener("change", () => choose(question, option.id));
    const text = document.createElement("span");
    text.innerHTML = option.text;
    label.append(input, text);
    fieldset.append(label);
  }
  const instructions = document.createElement("p");
  instructions.textContent = question.part.instructions;
  $("question").replaceChildren(head, instructions, fieldset);
}

function draw() {
  $("count").textContent = say("count", { n: answers.size, all: questions.length });
  $("flag").setAttribute("aria-pressed", flagged.has(questions[place].id));
  $("previous").disabled = place === 0;
  $("next").disabled = place === questions.length - 1 && !growing(place);
  const pending = new Set(outbox.map((event) => event.item));
  [...$("map").children].forEach((button, at) => {
    const id = questions[at].id;
    button.className = "btn btn-sm";
    button.classList.toggle("answered", answers.has(id));
    button.classList.toggle("flagged", flagged.has(id));
    const said = [say(answers.has(id) ? "answered" : "open")];
    if (flagged.has(id)) said.push(say("doubt"));
    if (pending.has(id)) said.push(say("network"));
    button.setAttribute("aria-label", `${say("item", { n: at + 1 })}, ${said.join(", ")}`);
    if (at === place) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
}

function go(to) {
  place = Math.max(0, Math.min(questions.length - 1, to));
  drawQuestion();
  draw();
}

function toggleFlag() {
  const { id } = questions[place];
  const on = !flagged.has(id);
  if (on) flagged.add(id);
  else flagged.delete(id);
  happen("flag", id, on ? "1" : "");
  draw();
}

const left = () => Math.max(0, Math.round((closes - performance.now()) / 1000));
const spoken = (seconds) => say("left", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });

function tick() {
  const seconds = left();
  const pad = (n) => String(n).padStart(2, "0");
  $("clock").textContent =
    `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  if ([600, 300, 60].includes(seconds)) $("announce").textContent = spoken(seconds);
  if (seconds === 0 && !over) finish();
}

// The server's clock is the clock: this page's own is set by it, whatever this machine's does.
async function beat() {
  if (over) return;
  try {
    const { seconds_left } = await ask("/ujian/detak", {});
    closes = performance.now() + seconds_left * 1000;
    if (!outbox.length) show("saved");
  } catch (error) {
    if (error.refused) trouble(error);
    else show("offline");
  }
}

async function finish() {
  for (let tries = 0; tries < 5 && outbox.length; tries += 1) await send();
  try {
    await ask("/ujian/selesai", { last_seq: seq });
    over = true;
    location.assign("/ujian/tanda-terima/");
  } catch (error) {
    trouble(error.refused ? error : new Error(say("broken")));
  }
}

function keys(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || $("sure").open) return;
  const key = event.key.toLowerCase();
  if (key === "arrowright" && event.target.type !== "radio") forward();
  else if (key === "arrowleft" && event.target.type !== "radio") go(place - 1);
  else if (key === "r") toggleFlag();
  else if (key === "w") $("announce").textContent = spoken(left());
  else if (/^[1-9]$/.test(key)) $("question").querySelectorAll("input")[key - 1]?.click();
}

async function begin() {
  paper = await ask("/ujian/isi.json");
  questions = paper.parts.flatMap((part) => part.questions.map((question) => ({ ...question, part })));
  answers = new Map(Object.entries(paper.answers).map(([id, option]) => [Number(id), option]));
  flagged = new Set(paper.flagged);
  seq = paper.last_seq;
  closes = performance.now() + paper.seconds_left * 1000;
  // What this machine still holds goes after what the server has: a new number, the same content.
  for (const event of (await leftHere()).sort((a, b) => a.seq - b.seq)) {
    await dropHere(event);
    if (event.seq <= paper.last_seq) continue;
    if (event.kind === "answer") answers.set(event.item, event.response);
    outbox.push({ ...event, seq: ++seq });
    await keepHere(outbox.at(-1));
  }
  drawMap();
  $("previous").addEventListener("click", () => go(place - 1));
  $("next").addEventListener("click", forward);
  $("flag").addEventListener("click", toggleFlag);
  $("finish").addEventListener("click", () => {
    const [n, all] = [answers.size, questions.length];
    $("sure-text").textContent = say("sure", { n, all, open: all - n });
    $("sure").showModal();
  });
  $("yes").addEventListener("click", () => { $("sure").close(); finish(); });
  $("no").addEventListener("click", () => $("sure").close());
  document.addEventListener("keydown", keys);
  addEventListener("online", send);
  setInterval(send, 3000);
  setInterval(tick, 1000);
  setInterval(beat, 15000);
  const first = questions.findIndex((question) => !answers.has(question.id));
  go(first < 0 ? 0 : first);
  show(outbox.length ? "waiting" : "saved");
  tick();
  send();
}

begin().catch(trouble);
