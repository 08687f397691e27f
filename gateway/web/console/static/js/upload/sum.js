// The batch in figures: files and bytes sent, how fast, how long still, and how many stand where.
import { number, size, span } from "./words.js";

const ARRIVED = ["received", "processing", "needs_review", "released", "quarantined", "erased", "already_here"];
const WINDOW = 15_000; // ms that the speed is taken over

const SHOWN = [
  ["released", "released", ""],
  ["processing", "processing", ""],
  ["needs_review", "need review", "warn"],
  ["already_here", "already here", ""],
  ["refused", "refused", "bad"],
  ["quarantined", "quarantined", "bad"],
];

export class Sum {
  constructor(root, items) {
    this.items = items;
    this.at = (id) => root.querySelector(`#${id}`);
    this.root = root;
    this.marks = []; // moments, and how many bytes had been sent by then
    this.due = false;
  }

  changed(busy) {
    this.busy = busy;
    if (this.due) return;
    this.due = true;
    setTimeout(() => this.#draw(), 100); // figures that jump at every byte are read by nobody
  }

  /** Counts by state; "processing" counts what waits at the gateway as well. */
  get counts() {
    const counts = {};
    for (const item of this.items) {
      const state = item.state === "received" ? "processing" : item.state;
      counts[state] = (counts[state] ?? 0) + 1;
    }
    return counts;
  }

  get arrived() {
    return this.items.filter((item) => ARRIVED.includes(item.state)).length;
  }

  #draw() {
    this.due = false;
    const wanted = this.items.filter((item) => item.state !== "refused");
    const most = wanted.reduce((sum, item) => sum + item.file.size, 0);
    const sent = wanted.reduce((sum, item) => sum + (ARRIVED.includes(item.state) ? item.file.size : item.sent), 0);
    this.root.hidden = this.items.length === 0;
    this.at("sent-files").textContent = `${number(this.arrived)} of ${number(wanted.length)} files sent`;
    this.at("sent-bytes").textContent = [`${size(sent)} of ${size(most)}`, ...this.#pace(sent, most)].join(", ");
    const bar = this.at("sent");
    bar.max = most || 1;
    bar.value = sent;
    bar.classList.toggle("done", wanted.length > 0 && sent >= most);
    this.at("sum").replaceChildren(...this.#figures());
  }

  #pace(sent, most) {
    const now = performance.now();
    this.marks = [...this.marks.filter(([at]) => now - at < WINDOW), [now, sent]];
    const [[since, before]] = this.marks;
    const speed = (sent - before) / Math.max(0.5, (now - since) / 1000);
    if (!this.busy || speed <= 0) return [];
    return [`${size(speed)}/s`, `about ${span((most - sent) / speed)} left`];
  }

  #figures() {
    const counts = this.counts;
    return SHOWN.filter(([state]) => counts[state] || state === "released").map(([state, word, tone]) => {
      const part = document.createElement("span");
      const figure = document.createElement("b");
      part.className = figure.className = tone;
      figure.textContent = number(counts[state] ?? 0);
      part.append(figure, ` ${word}`);
      return part;
    });
  }
}
