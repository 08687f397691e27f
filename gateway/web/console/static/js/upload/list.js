// The table of files: the newest first, a hundred at a time, each row changed in place.
import { drawn } from "../icon.js";
import { belongs, number, size, STATES } from "./words.js";

const PAGE = 100;

export class List {
  /** root: the section of the page that holds it. items: all files, in the order in which they were chosen. */
  constructor(root, items) {
    this.items = items;
    this.show = "all";
    this.first = 0; // how many newer ones are left out
    this.rows = new Map();
    this.due = false;
    this.at = (id) => root.querySelector(`#${id}`);
    this.buttons = [...root.querySelectorAll("[data-show]")];
    for (const button of this.buttons) button.addEventListener("click", () => this.#choose(button.dataset.show));
    this.at("newer").addEventListener("click", () => this.#turn(-PAGE));
    this.at("older").addEventListener("click", () => this.#turn(PAGE));
  }

  /** A file changed, or came. Rows are drawn once a frame, however many did. */
  changed(item = null) {
    const row = item && this.rows.get(item);
    if (row) fill(row, item);
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => this.#draw());
  }

  /** Only how much of a file has been sent. */
  progressed(item) {
    const row = this.rows.get(item);
    if (row) advance(row, item);
  }

  #choose(show) {
    this.show = show;
    this.first = 0;
    this.#draw();
  }

  #turn(by) {
    this.first = Math.max(0, this.first + by);
    this.#draw();
    this.at("rows-scroll").focus();
  }

  #draw() {
    this.due = false;
    const shown = this.items.filter((item) => belongs(item, this.show)).reverse();
    this.first = Math.min(this.first, Math.floor(Math.max(0, shown.length - 1) / PAGE) * PAGE);
    const page = shown.slice(this.first, this.first + PAGE);
    this.#rows(page);
    for (const id of ["list-bar", "rows-scroll"]) this.at(id).hidden = this.items.length === 0;
    this.at("none").hidden = this.items.length > 0;
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.show === this.show));
      const count = this.items.filter((item) => belongs(item, button.dataset.show)).length;
      button.querySelector("span").textContent = number(count);
    }
    this.at("list-pages").hidden = shown.length <= PAGE;
    this.at("list-range").textContent = `${number(this.first + 1)} to ${number(this.first + page.length)} of ${number(shown.length)}`;
    this.at("newer").disabled = this.first === 0;
    this.at("older").disabled = this.first + PAGE >= shown.length;
  }

  #rows(page) {
    const wanted = new Set(page);
    for (const [item, row] of this.rows) {
      if (wanted.has(item)) continue;
      row.remove();
      this.rows.delete(item);
    }
    const body = this.at("rows");
    page.forEach((item, at) => {
      let row = this.rows.get(item);
      if (!row) {
        row = made();
        this.rows.set(item, row);
        fill(row, item);
      }
      if (body.children[at] !== row) body.insertBefore(row, body.children[at] ?? null);
    });
  }
}

function made() {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  const name = document.createElement("div");
  name.className = "fname";
  name.append(drawn("file"), document.createElement("span"));
  head.append(name);
  const cells = ["end q nowrap", "", "q"].map((kind) => {
    const cell = document.createElement("td");
    cell.className = kind;
    return cell;
  });
  row.append(head, ...cells);
  return row;
}

function fill(row, item) {
  const [head, bytes, state, what] = row.children;
  const name = head.querySelector("span");
  if (name.firstChild?.nodeValue !== item.path) {
    name.textContent = name.title = item.path;
    bytes.textContent = size(item.file.size);
  }
  advance(row, item);
  if (row.dataset.state !== item.state) {
    row.dataset.state = item.state;
    state.replaceChildren(chip(item.state));
  }
  const words = [item.happened, item.advice].filter(Boolean).join(". ");
  if (row.dataset.words === words + (item.link ?? "")) return;
  row.dataset.words = words + (item.link ?? "");
  what.replaceChildren(words, ...(item.link ? [" ", link(item.link)] : []));
}

function advance(row, item) {
  const name = row.firstChild.querySelector("span");
  let bar = name.querySelector("progress");
  if (item.state !== "sending") return bar?.remove();
  if (!bar) {
    bar = document.createElement("progress");
    bar.className = "thin";
    bar.setAttribute("aria-label", `${item.path}, sent`);
    name.append(bar);
  }
  bar.max = item.file.size;
  bar.value = item.sent;
}

function chip(state) {
  const { icon, word, ground = "" } = STATES[state];
  const made = document.createElement("span");
  made.className = `chip ${ground}`.trim();
  made.append(drawn(icon), word);
  return made;
}

function link(where) {
  const made = document.createElement("a");
  made.href = where;
  made.textContent = "Show it";
  return made;
}
