// The proctor's console: the room renews itself, changed seats alone. Seconds run here, by what was told.

const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").textContent);
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const room = $("room");
const seats = new Map();
for (const node of room.querySelectorAll(".seat")) {
  const part = (name) => node.querySelector(`.${name}`);
  seats.set(node.dataset.seat, {
    node, standing: part("standing"), text: part("progress-text"), bar: node.querySelector("progress"),
    left: part("left"), seen: part("seen"), note: part("note"), at: null, seconds: null, heard: null,
  });
}
let incident = null;

function change(number, [standing, answered, left, seen, away, strays, workstation]) {
  const seat = seats.get(number);
  if (!seat) return location.reload(); // a seat was given meanwhile
  seat.node.dataset.standing = standing;
  seat.standing.textContent = words.standings[standing];
  seat.text.textContent = `${answered}/${words.all}`;
  seat.bar.value = answered;
  seat.at = performance.now();
  seat.seconds = left;
  seat.heard = seen;
  const notes = [workstation];
  if (away) notes.push(say("away", { n: away }));
  if (strays) notes.push(say("strays", { n: strays }));
  seat.note.textContent = notes.filter(Boolean).join(" · ");
}

function count(counts) {
  for (const card of $("counts").children)
    card.querySelector(".cakap-number").textContent = counts[card.dataset.standing] ?? 0;
}

async function renewIncidents() {
  const answer = await fetch(room.dataset.incidents);
  if (answer.ok) $("incidents").innerHTML = await answer.text();
}

const pad = (n) => String(n).padStart(2, "0");
function tick() {
  for (const seat of seats.values()) {
    if (seat.at === null || seat.node.hidden) continue;
    const gone = seat.node.dataset.standing === "paused" ? 0 : (performance.now() - seat.at) / 1000;
    const left = seat.seconds === null ? null : Math.max(0, Math.round(seat.seconds - gone));
    seat.left.textContent = left === null ? "" : `${pad(Math.floor(left / 3600))}.${pad(Math.floor(left / 60) % 60)}.${pad(left % 60)}`;
    const silent = seat.node.dataset.standing === "silent";
    seat.seen.textContent = silent && seat.heard !== null ? say("seen", { n: Math.round(seat.heard + gone) }) : "";
  }
}

function listen() {
  const stream = new EventSource(room.dataset.stream);
  stream.onopen = () => { $("live").textContent = words.live; $("live").dataset.on = "yes"; };
  stream.onerror = () => {
    $("live").textContent = words.lost;
    $("live").dataset.on = "no";
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
  stream.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    for (const [number, row] of Object.entries(told.rows)) change(number, row);
    count(told.counts);
    if (incident !== null && told.incident > incident) renewIncidents();
    incident = told.incident;
    tick();
  };
}

listen();
setInterval(tick, 1000);
