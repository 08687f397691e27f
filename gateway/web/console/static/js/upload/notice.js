// The one notice above the batch: what is in the way, that nothing is lost, and what goes on by itself.
import { drawn } from "../icon.js";

export class Notice {
  constructor(place) {
    this.place = place;
    this.about = null;
  }

  /** Shows words about something, with buttons or links; the same `about` is not drawn twice. */
  show(about, title, words, { tone = "warn", acts = [] } = {}) {
    if (this.about === about) return;
    this.about = about;
    const note = document.createElement("div");
    note.className = `note ${tone}`.trim();
    note.setAttribute("role", tone === "bad" ? "alert" : "status");
    const says = document.createElement("div");
    const line = document.createElement("p");
    const strong = document.createElement("b");
    strong.textContent = title;
    line.append(strong, ` ${words}`);
    says.append(line);
    if (acts.length > 0) {
      const row = document.createElement("div");
      row.className = "row wrap";
      row.append(...acts);
      says.append(row);
    }
    note.append(drawn({ warn: "alert", bad: "shield", ok: "check" }[tone] ?? "info"), says);
    this.place.replaceChildren(note);
  }

  /** Takes away what was said about something, or whatever is there. */
  clear(about = this.about) {
    if (about !== this.about) return;
    this.about = null;
    this.place.replaceChildren();
  }
}

export function button(word, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn less";
  made.textContent = word;
  made.addEventListener("click", act);
  return made;
}

/** A link that leaves this page, and the files chosen in it, where they are. */
export function elsewhere(word, where) {
  const made = document.createElement("a");
  made.className = "btn less";
  made.href = where;
  made.target = "_blank";
  made.rel = "noopener";
  made.textContent = word;
  return made;
}
