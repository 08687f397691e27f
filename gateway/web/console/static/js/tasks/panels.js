// The panels beside the image: classes, tools, the list of objects, and what is said of the selected one.
import { sizeOf } from "./objects.js";

const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

export class Panels {
  #desk;
  #shown = null;

  constructor(desk, does) {
    this.#desk = desk;
    for (const row of $("classes").children) row.addEventListener("click", () => does.name(Number(row.dataset.kind)));
    for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => does.take(button.dataset.tool));
    for (const box of document.querySelectorAll("[data-trait]")) box.addEventListener("change", () => desk.trait(box.dataset.trait, box.checked));
    $("objects").addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) does.select(Number(row.dataset.id));
    });
    walks($("objects"), (row) => does.select(Number(row.dataset.id)));
    walks($("classes"), (row) => does.name(Number(row.dataset.kind)));
  }

  show() {
    const desk = this.#desk;
    if (desk.seen !== this.#shown) this.#objects(desk.seen);
    this.#shown = desk.seen;
    for (const row of $("objects").children) mark(row, Number(row.dataset.id) === desk.selected);
    for (const row of $("classes").children) mark(row, Number(row.dataset.kind) === desk.kind);
    for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === desk.tool));
    for (const part of document.querySelectorAll("[data-guide]")) part.hidden = Number(part.dataset.guide) !== desk.kind;
    this.#selected(desk.object);
    $("undo").disabled = !desk.canUndo && !desk.draft;
    $("redo").disabled = !desk.canRedo;
  }

  #objects(objects) {
    const desk = this.#desk;
    const counts = new Map();
    for (const one of objects) counts.set(one.kind, (counts.get(one.kind) ?? 0) + 1);
    for (const row of $("classes").children) row.querySelector(".count").textContent = counts.get(Number(row.dataset.kind)) ?? "";
    $("count").textContent = objects.length;
    const others = desk.all.length - desk.objects.length;
    $("elsewhere").textContent = others > 0 ? `${others} more on other frames` : "";
    $("none").hidden = objects.length > 0;
    $("objects").hidden = objects.length === 0;
    $("objects").replaceChildren(...objects.map((one) => row(one, desk.classOf(one.kind))));
    const what = desk.frames > 1 ? `Frame ${desk.frame + 1} of ${desk.frames}` : "Image";
    $("stage").setAttribute("aria-label", `${what} with ${objects.length} ${objects.length === 1 ? "object" : "objects"}, listed beside it`);
  }

  #selected(object) {
    $("about").hidden = !object;
    if (!object) return;
    $("about-name").textContent = `${this.#desk.classOf(object.kind)?.name} ${object.id}`;
    for (const box of document.querySelectorAll("[data-trait]")) box.checked = object[box.dataset.trait];
  }
}

function mark(row, selected) {
  row.setAttribute("aria-selected", String(selected));
  if (selected && document.activeElement === row.parentElement) row.parentElement.setAttribute("aria-activedescendant", row.id);
  if (selected) row.scrollIntoView({ block: "nearest" });
}

/** Up and Down go through a list that has the focus. */
function walks(list, choose) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault(); // the keys of the page leave it alone
    const rows = [...list.children];
    const at = rows.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
    if (next) choose(next);
    if (next) list.setAttribute("aria-activedescendant", next.id);
  });
}

function row(object, kind) {
  const item = document.createElement("li");
  item.id = `object-${object.id}`;
  item.dataset.id = object.id;
  item.setAttribute("role", "option");
  const name = document.createElement("span");
  name.className = "name";
  name.textContent = `${kind?.name ?? "?"} ${object.id}`;
  const size = document.createElement("span");
  size.className = "src num";
  size.textContent = sizeOf(object);
  item.append(swatch(kind?.colour ?? "#fff"), name, size);
  return item;
}

function swatch(colour) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 10 10");
  svg.setAttribute("aria-hidden", "true");
  const square = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x: 0.5, y: 0.5, width: 9, height: 9, rx: 2, fill: colour, stroke: "#596872" })) square.setAttribute(name, value);
  svg.append(square);
  return svg;
}
