// How each kind of question is drawn and answered. `page` is the exam: what was answered (answers, typed)
// and what to do with an answer (choose, type).

import { $, make, markup, say, textOf } from "./dom.js";
import { readNumber, showNumber } from "./numbers.js";

const language = document.documentElement.lang;
let page;
export const bind = (exam) => { page = exam; };
const choose = (question, response) => page.choose(question, response);

const answerOf = (question) => page.answers.get(question.id) ?? "";
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
export function drawUsed(question) {
  if (question.layout.reuse !== false || question.kind === "inline") return;
  const used = new Set(pairsOf(question).values());
  for (const select of $("question").querySelectorAll("select"))
    for (const option of select.options)
      option.disabled = Boolean(option.value) && used.has(option.value) && select.value !== option.value;
}

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
      return make("td", {}, make("label", {}, input));
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

// The number as typed stays in the field and in the log; what it was read as is shown below.
function number(question) {
  const input = make("input", { className: "form-control exam-blank", inputMode: "decimal", autocomplete: "off" });
  const shown = make("output", { className: "form-hint" });
  const tell = (text) => {
    const read = text.trim() === "" ? "" : readNumber(text, language);
    input.setAttribute("aria-invalid", read === null);
    shown.textContent = read === null ? say("number") : read && say("read_as", { n: showNumber(read, language) });
    return read;
  };
  written(question, input, (text) => {
    const read = tell(text);
    if (text !== (page.typed.get(question.id) ?? "")) page.type(question, text);
    return read ?? "";
  });
  // While it is typed, not when the field is left: nothing may move under the finger that leaves it.
  input.addEventListener("input", () => tell(input.value));
  const answer = answerOf(question);
  input.value = page.typed.get(question.id) ?? (answer && showNumber(answer, language));
  tell(input.value);
  return make("span", { className: "exam-number" }, input, shown);
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

export const kinds = {
  single: one, graded: one, likert: one, multiple: several, matrix, match, rank: order, order,
  essay, slider, hotspot,
};

// What is asked inside the text: a choice or a blank where its mark stands, below where there is none.
export function inText(question, legend) {
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

