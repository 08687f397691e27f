// Single keys: off while somebody types, all of them can be given another key or switched off, kept on this device.
import { caps, fill, keyOf } from "./keys_dialog.js";

const KEPT = "privgate.keys";
const SPOKEN = { " ": "space", arrowup: "up", arrowdown: "down", arrowleft: "left", arrowright: "right", delete: "del", escape: "esc" };
const TYPED = "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=range]), textarea, select, [contenteditable]:not([contenteditable=false])";
const ITS_OWN = "a[href], button, summary, [role=button], [role=tab], [role=option]";

const groups = [];
let kept = remembered();

function remembered() {
  try {
    const said = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return { off: said.off === true, map: typeof said.map === "object" && said.map ? said.map : {} };
  } catch {
    return { off: false, map: {} };
  }
}

function remember() {
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // It then holds until the page is left.
  }
}

/** The name of the pressed key: "y", "shift+z", "enter", "space", "up", "?". */
export function nameOf(event) {
  const raw = event.key.toLowerCase();
  const name = SPOKEN[raw] ?? raw;
  const letter = /^[a-z]$/.test(name) || name.length > 1;
  const parts = [];
  if (event.ctrlKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  if (event.metaKey) parts.push("meta");
  if (event.shiftKey && letter) parts.push("shift");
  return [...parts, name].join("+");
}

/** Binds keys, each to a function or to { run, says, release?, repeat? }; says: what it does, for the list of keys.
 *
 * where: the heading in that list, and what changed keys are remembered under. when: a function; the keys work while
 * it is true. release: run when the key is let go. Returns a function that takes the keys away again. */
export function bind(keys, { where = "This page", when = () => true } = {}) {
  const group = { where, when, acts: new Map() };
  for (const [key, act] of Object.entries(keys)) {
    group.acts.set(key, typeof act === "function" ? { run: act, says: "" } : act);
  }
  groups.push(group);
  relabel();
  return () => groups.splice(groups.indexOf(group), 1);
}

function current(group, key) {
  return kept.map[`${group.where}:${key}`] ?? key;
}

/** The caps that the page shows beside what they do: each says the key that does it on this device. */
function relabel() {
  for (const cap of document.querySelectorAll("kbd")) {
    cap.dataset.key ??= keyOf(cap.textContent.trim());
    const group = groups.findLast((one) => one.acts.has(cap.dataset.key));
    if (group) cap.textContent = caps(current(group, cap.dataset.key));
  }
}

function found(pressed) {
  for (const group of [...groups].reverse()) {
    for (const [key, act] of group.acts) {
      if (current(group, key) === pressed && group.when()) return act;
    }
  }
  return null;
}

function isSingle(pressed) {
  return !/^(ctrl|alt|meta)\+/.test(pressed) && pressed !== "esc";
}

function stays(event, pressed) {
  if (event.defaultPrevented || event.isComposing) return true;
  if (event.target.closest?.(TYPED) && pressed !== "esc") return true;
  // A focused button or link keeps Enter and Space for itself.
  if ((pressed === "enter" || pressed === "space") && event.target.closest?.(ITS_OWN)) return true;
  if (document.querySelector("dialog:modal")) return true;
  return kept.off && isSingle(pressed);
}

document.addEventListener("keydown", (event) => {
  const pressed = nameOf(event);
  if (stays(event, pressed)) return;
  const act = found(pressed);
  if (!act) return;
  event.preventDefault();
  if (event.repeat && act.repeat !== true) return;
  act.run(event);
});

document.addEventListener("keyup", (event) => {
  const act = found(nameOf(event));
  if (act?.release && !event.target.closest?.(TYPED)) act.release(event);
});

/** Shows all keys, where each can be changed and all can be switched off. */
export function showKeys() {
  const dialog = document.getElementById("keys") ?? document.body.appendChild(document.createElement("dialog"));
  const rows = new Map();
  for (const group of groups) {
    const acts = [...group.acts].filter(([, act]) => act.says);
    const told = acts.map(([key, act]) => ({ key, now: current(group, key), says: act.says }));
    if (told.length > 0) rows.set(group.where, [...(rows.get(group.where) ?? []), ...told]);
  }
  fill(dialog, [...rows].map(([where, acts]) => ({ where, acts })), {
    off: kept.off,
    nameOf,
    turn: (off) => { kept.off = off; remember(); },
    change: (where, key, to) => { kept.map[`${where}:${key}`] = to; remember(); relabel(); },
    reset: () => { kept = { off: false, map: {} }; remember(); relabel(); showKeys(); },
  });
  if (!dialog.open) dialog.showModal();
}

bind({ "?": { run: showKeys, says: "all keys" } }, { where: "Everywhere" });
