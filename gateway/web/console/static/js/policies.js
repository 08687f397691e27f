// The editor of a policy. The YAML is what counts: each field's change and each pause in typing goes to the gateway,
// which answers with the text, its faults by line, and what every choice does. Typing is never interrupted: what is
// being typed is not touched, and an answer to an older text is dropped.
import { send } from "./http.js";
import { drawn } from "./icon.js";
import { clearProblem, showProblem } from "./shell.js";

const PAUSE_MS = 350;

const form = document.getElementById("policy");
const fields = document.getElementById("fields");
const source = document.getElementById("source");
const { base } = form.dataset;
let timer = null;
let asked = 0;
let turn = Promise.resolve();
let going = 0;

function later(work, pause = PAUSE_MS) {
  clearTimeout(timer);
  timer = setTimeout(() => { timer = null; work(); }, pause);
}

/** Asks for the present text; a newer question, or more typing, makes the answer worthless. */
async function check() {
  const text = source.value;
  const mine = ++asked;
  const answer = await tried(() => send("POST", "/policies/check", { source: text, base }));
  if (answer && mine === asked && source.value === text) show(answer);
}

/** One field's change, one after another; told again for the newer text where somebody typed meanwhile. */
function change(place, value) {
  going += 1;
  turn = turn.then(async () => {
    for (;;) {
      const text = source.value;
      const mine = ++asked;
      const answer = await tried(() => send("POST", "/policies/edit", { source: text, base, place, value }));
      if (!answer) return;
      if (source.value !== text) continue;
      source.value = answer.source;
      if (!answer.kept) document.getElementById("not-kept").hidden = false;
      paint(answer.source);
      if (mine === asked) show(answer);
      return;
    }
  }).finally(() => { going -= 1; });
}

async function tried(work) {
  try {
    const answer = await work();
    clearProblem();
    return answer;
  } catch (problem) {
    showProblem(problem);
    return null;
  }
}

function show(told) {
  showVerdict(told.faults);
  showFaults(told.faults, told.warnings);
  showFields(told);
  showChanges(told);
}

function showVerdict(faults) {
  const chip = document.createElement("span");
  chip.className = `chip ${faults.length ? "quarantined" : "released"}`;
  chip.append(drawn(faults.length ? "alert" : "check"), faults.length ? `${faults.length} to mend` : "Valid");
  document.getElementById("verdict").replaceChildren(chip);
}

function showFaults(faults, warnings) {
  const place = document.getElementById("mend");
  const list = document.createElement("ul");
  list.className = "todo-l";
  for (const fault of faults) list.append(faultItem(fault));
  for (const warning of warnings) list.append(item("info", "warn", sentence(warning)));
  if (list.childElementCount) place.replaceChildren(list);
  else place.replaceChildren(Object.assign(document.createElement("p"), { className: "pad q", textContent: "Nothing." }));
  const faulty = new Set(faults.map((fault) => fault.line));
  [...document.getElementById("gutter").children].forEach((line, index) => line.classList.toggle("fault", faulty.has(index + 1)));
}

function faultItem(fault) {
  const made = item("alert", "bad", `Line ${fault.line}`);
  made.children[1].replaceChildren(Object.assign(document.createElement("b"), { textContent: `Line ${fault.line}` }));
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: "Show" });
  button.dataset.line = fault.line;
  made.append(button, Object.assign(document.createElement("p"), { textContent: fault.message }));
  return made;
}

function item(icon, tone, words) {
  const made = document.createElement("li");
  made.append(drawn(icon, tone), Object.assign(document.createElement("span"), { textContent: words }));
  return made;
}

const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`;

function showFields({ faults, says, values }) {
  const wrong = new Map(faults.filter((one) => one.place).map((one) => [one.place, one.message.replace(/^[^:]*: /, "")]));
  for (const hint of fields.querySelectorAll("[data-says]")) {
    const at = hint.dataset.says;
    if (wrong.has(at)) hint.textContent = sentence(wrong.get(at));
    else if (says[at] !== undefined || !faults.length) hint.textContent = says[at] ?? "";
    hint.toggleAttribute("data-fault", wrong.has(at));
  }
  for (const control of fields.querySelectorAll("input[data-place], select[data-place]")) {
    const at = control.dataset.place;
    if (wrong.has(at)) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    if (values && control !== document.activeElement) put(control, values[at]);
  }
  if (!values) return;
  for (const list of fields.querySelectorAll("[data-list]")) {
    for (const box of list.querySelectorAll("input")) box.checked = values[list.dataset.list].includes(box.value);
  }
  for (const rule of fields.querySelectorAll("[data-rule]")) {
    rule.querySelector(".of-rule").hidden = !values[rule.dataset.rule];
    rule.querySelector(".off").hidden = values[rule.dataset.rule];
    rule.querySelector("[data-flag]").checked = values[rule.dataset.rule];
  }
}

/** What the text says, in its field. A word that no option has is shown as it is. */
function put(control, value) {
  if (control.type === "checkbox") control.checked = value === true;
  else if (control.tagName !== "SELECT") { if (control.value !== value) control.value = value; }
  else {
    if (![...control.options].some((option) => option.value === value)) control.add(new Option(value, value), 0);
    control.value = value;
  }
}

function showChanges({ changes, faults }) {
  const list = document.getElementById("told");
  if (faults.length) return;
  list.replaceChildren(...changes.map(({ sign, effect, edge, words }) => {
    const made = document.createElement("li");
    made.className = edge;
    const mark = Object.assign(document.createElement("b"), { textContent: sign });
    mark.setAttribute("aria-hidden", "true");
    const text = document.createElement("span");
    text.append(Object.assign(document.createElement("span"), { className: "small q", textContent: `${effect}.` }), ` ${words}`);
    made.append(mark, text);
    return made;
  }));
  document.getElementById("no-change").hidden = changes.length > 0;
}

const TOKEN = /(^#.*$|(?<=\s)#.*$)|([\w-]+(?=:(?:\s|$)))|([^\s:,[\]{}#-][^,[\]{}#]*)/g;

/** Colours behind the text, and a number for each line. */
function paint(text) {
  const lines = text.split("\n");
  const shown = document.createDocumentFragment();
  for (const line of lines) {
    let at = 0;
    for (const found of line.matchAll(TOKEN)) {
      shown.append(line.slice(at, found.index));
      const piece = document.createElement("i");
      piece.className = found[1] ? "y-c" : found[2] ? "y-k" : "y-v";
      piece.textContent = found[0];
      shown.append(piece);
      at = found.index + found[0].length;
    }
    shown.append(`${line.slice(at)}\n`);
  }
  document.getElementById("coloured").replaceChildren(shown);
  const gutter = document.getElementById("gutter");
  while (gutter.childElementCount < lines.length) gutter.append(document.createElement("li"));
  while (gutter.childElementCount > lines.length) gutter.lastElementChild.remove();
  source.rows = lines.length + 1;
}

function toLine(number) {
  const lines = source.value.split("\n");
  const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  source.focus();
  source.setSelectionRange(start, start + (lines[number - 1] ?? "").length);
  document.getElementById("gutter").children[number - 1]?.scrollIntoView({ block: "nearest" });
}

source.addEventListener("input", () => { paint(source.value); later(check); });

const typing = new Map();
fields.addEventListener("input", ({ target }) => {
  const list = target.closest("[data-list]");
  if (list) change(list.dataset.list, [...list.querySelectorAll("input:checked")].map((box) => box.value));
  else if (target.dataset.flag !== undefined) change(target.dataset.place, target.checked);
  else if (target.tagName === "SELECT") change(target.dataset.place, target.value);
  else if (target.dataset.place) {
    clearTimeout(typing.get(target));
    typing.set(target, setTimeout(() => { typing.delete(target); change(target.dataset.place, target.value); }, PAUSE_MS));
  }
});
form.addEventListener("submit", async (event) => {
  // What was just typed or chosen in the form is part of what is saved.
  if (!typing.size && !going) return;
  event.preventDefault();
  for (const [target, waiting] of typing) { clearTimeout(waiting); change(target.dataset.place, target.value); }
  typing.clear();
  await turn;
  form.requestSubmit();
});
document.getElementById("mend").addEventListener("click", ({ target }) => {
  if (target.dataset.line) toLine(Number(target.dataset.line));
});
paint(source.value);
showFaultLines();

function showFaultLines() {
  for (const button of document.querySelectorAll("#mend [data-line]")) {
    document.getElementById("gutter").children[button.dataset.line - 1]?.classList.add("fault");
  }
}
