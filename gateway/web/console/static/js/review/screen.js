// The workbench's page: where each word and button is. Knows what to show, and nothing of how it comes about.
import { drawn as icon } from "../icon.js";
import { NAMES, REASONS, isHidden, regionOf } from "./draft.js";
import { canRedo, canUndo } from "./history.js";
import { toImage } from "./geometry.js";
import { because, clock, countOpen, facts, fillFacts, fillList } from "./told.js";

export class Screen {
  constructor(root, act) {
    this.root = root;
    this.act = act;
    const part = (name) => root.querySelector(`[data-part="${name}"]`) ?? document.querySelector(`[data-part="${name}"]`);
    this.part = part;
    [this.stage, this.canvas, this.svg, this.facts] = ["stage", "canvas", "layer", "facts"].map(part);
    this.quarantine = document.getElementById("quarantine");
    document.addEventListener("click", (event) => this.#click(event));
    this.stage.addEventListener("pointermove", (event) => { this.pointer = event; this.#point(); });
    this.words = {};
  }

  #click(event) {
    const button = event.target.closest("[data-act]");
    if (!button || button.disabled) return;
    event.preventDefault();
    // Enter and Space are the image's again.
    if (button.closest(".wb")) button.blur();
    this.act(button.dataset.act, button.dataset.value);
  }

  loading() {
    this.part("frames").hidden = true;
    this.message("Fetching the original", "This look is entered in the log first.");
    this.part("until").textContent = "";
  }

  begin(sheet) {
    const { review } = sheet;
    document.title = `Review ${review.name} · Privgate`;
    for (const place of document.querySelectorAll("[data-part=name], .crumbs [aria-current] .cut")) place.textContent = review.name;
    this.#write("about", `${sheet.dataset} · policy ${sheet.policy.name} · ${sheet.width} × ${sheet.height}`);
    this.#write("reasons", review.why);
    this.#write("two", review.two ?? "");
    this.part("two").hidden = !review.two;
    this.part("kinds").replaceChildren(...sheet.kinds.map((kind) => this.#choice("kind", kind, NAMES[kind])));
    this.part("left").textContent = `risk ${review.risk}`;
    this.#strip(sheet.strip, review.id);
    this.part("problem").hidden = true;
  }

  shown() {
    this.part("message").hidden = true;
    this.root.dataset.shown = this.root.dataset.review = location.pathname.split("/").pop();
  }

  message(title, says, again = false) {
    this.part("message").hidden = false;
    delete this.root.dataset.shown;
    this.#write("message-title", title);
    this.#write("message-says", says);
    this.part("again").hidden = !again;
    this.part("queue").hidden = true;
  }

  empty() {
    this.message("Nothing else waits for you", "New images appear in the queue by themselves.");
    this.part("queue").hidden = false;
    this.root.dataset.shown = "nothing";
  }

  failed(problem) {
    this.message(problem.title, problem.detail, problem.status === 403 || problem.status === 0);
    this.root.dataset.failed = String(problem.status);
    this.until(null);
  }

  /** What was refused, beside the buttons; never over the image. */
  problem(problem) {
    this.part("problem").hidden = false;
    this.#write("problem", `${problem.title} ${problem.detail ?? ""}`.trim());
  }

  until(when) {
    this.#write("until", when === null ? "" : `Assigned to you until ${clock(when)}`);
  }

  tell(draft, selected, sheet, past) {
    fillList(this.part("list"), draft, selected, (key) => this.act("choose", key));
    this.#write("count", String(draft.regions.length));
    countOpen(this.part("open"), draft);
    const region = regionOf(draft, selected);
    this.part("why").hidden = !region;
    if (region && sheet) this.#why(region, sheet);
    this.part("undo").disabled = false;
    this.part("redo").disabled = !canRedo(past);
    this.root.dataset.steps = canUndo(past) ? String(past.past.length) : "0";
  }

  #why(region, sheet) {
    this.#write("why-name", `${region.tag}, ${region.own ? "drawn by you" : NAMES[region.kind].toLowerCase()}`);
    this.#write("why-rule", region.rule || region.seen?.rule ? `${sheet.policy.name}${region.seen.rule.line ? `, line ${region.seen.rule.line}` : ""}` : "");
    const told = { ...region, rule: region.seen?.rule ?? null };
    this.#write("why-says", because(told));
    this.part("reasons-asked").hidden = isHidden(region) || region.home === null;
    this.part("kinds").hidden = !region.own;
    for (const button of this.part("kinds").children) button.setAttribute("aria-pressed", String(button.dataset.value === region.kind));
    this.part("reasons-asked").replaceChildren(...REASONS.map((one) => this.#choice("reason", one.code, one.says, one.code === region.reason)));
    for (const button of this.part("answers").querySelectorAll("[data-value]")) {
      const on = { hide: region.answer === "hide", show: region.answer === "show", unsure: region.answer === "unsure" };
      button.setAttribute("aria-pressed", String(on[button.dataset.value]));
    }
    if (!this.facts.hidden) fillFacts(this.facts, facts(told, sheet));
  }

  #choice(act, value, says, pressed = false) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: says });
    Object.assign(button.dataset, { act, value });
    button.setAttribute("aria-pressed", String(pressed));
    return button;
  }

  // The film strip.

  #strip(strip, current) {
    const known = new Set(strip.map((one) => one.id));
    const done = [...this.part("strip").querySelectorAll("a.done")].filter((one) => !known.has(one.dataset.value)).slice(-6);
    this.part("strip").replaceChildren(...done, ...strip.map((one) => this.#frame(one)));
    for (const frame of this.part("strip").children) {
      if (frame.dataset.value === current) frame.setAttribute("aria-current", "true");
      else frame.removeAttribute("aria-current");
    }
    this.part("strip").querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }

  #frame(one) {
    const frame = document.createElement("a");
    frame.href = `/review/${one.id}`;
    Object.assign(frame.dataset, { act: "open", value: one.id });
    frame.title = `${one.name}: risk ${one.risk}. ${one.says}`;
    const ground = document.createElement("div");
    ground.className = "th frame";
    ground.append(icon(one.two ? "two" : "lock"), document.createElement("small"));
    ground.lastChild.textContent = one.says;
    const words = document.createElement("span");
    words.append(document.createElement("code"), document.createElement("b"));
    words.firstChild.textContent = one.short;
    words.lastChild.textContent = String(one.risk);
    frame.append(ground, words);
    return frame;
  }

  #frameOf(id) {
    return [...this.part("strip").children].find((one) => one.dataset.value === id);
  }

  done(id) {
    const frame = this.#frameOf(id);
    frame?.classList.add("done");
    frame?.querySelector("b")?.replaceWith(icon("check", "ok"));
  }

  undone(id) {
    this.#frameOf(id)?.remove();
  }

  neighbour(id, step) {
    const open = [...this.part("strip").children].filter((one) => !one.classList.contains("done"));
    const at = open.findIndex((one) => one.dataset.value === id);
    return open[at + step]?.dataset.value ?? null;
  }

  // The stage's own words.

  where(view, viewer) {
    this.viewer = viewer;
    this.#point();
  }

  #point() {
    if (!this.viewer?.image) return;
    const { view } = this.viewer;
    const percent = view.scale * devicePixelRatio * 100;
    const zoom = `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
    const place = this.stage.getBoundingClientRect();
    const at = this.pointer && toImage(view, { x: this.pointer.clientX - place.left, y: this.pointer.clientY - place.top });
    this.#write("place", at ? `${zoom}  x ${Math.floor(at.x)}, y ${Math.floor(at.y)}` : zoom);
  }

  /** Which frame is seen, where there are several, and how many are yet to be. */
  framed(frame, frames, left) {
    this.part("frames").hidden = frames < 2;
    this.#write("frame", `Frame ${frame + 1} of ${frames}${left ? ` · ${left} to look at` : ""}`);
  }

  showsCopy(on) {
    this.root.classList.toggle("copy", on);
    this.#write("shows", on ? "The next copy, as you have it now" : "");
    this.part("shows").hidden = !on;
  }

  use(tool) {
    for (const button of this.root.querySelectorAll('[data-act="tool"]')) button.setAttribute("aria-pressed", String(button.dataset.value === tool));
    this.part("polygon-says").hidden = tool !== "polygon";
  }

  press(act, on) {
    this.root.querySelector(`.tools [data-act="${act}"]`).setAttribute("aria-pressed", String(on));
  }

  /** Writes only what changed: a word that is the same is not said again. */
  #write(name, text) {
    if (this.words[name] === text) return;
    this.words[name] = text;
    this.part(name).textContent = text;
  }
}
