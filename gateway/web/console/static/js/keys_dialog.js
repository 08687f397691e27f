// The list of all keys, as keys.js shows it on `?`.

const CAPS = { up: "↑", down: "↓", left: "←", right: "→", enter: "⏎", space: "Space", del: "Del", esc: "Esc" };

/** "shift+z" as it is written on caps: "Shift Z". */
export function caps(key) {
  return key.split("+").filter(Boolean).map((part) => CAPS[part] ?? part[0].toUpperCase() + part.slice(1)).join(" ") || "+";
}

/** The key that a cap of a page says: "down" of "↓". */
export function keyOf(cap) {
  return Object.keys(CAPS).find((key) => CAPS[key] === cap) ?? cap.toLowerCase();
}

/** Fills `dialog` with rows of { where, acts: [{ key, now, says }] }; `does` holds what its controls do. */
export function fill(dialog, rows, does) {
  dialog.id = "keys";
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "keys-title");
  dialog.replaceChildren(head(), body(rows, does), foot(dialog, does));
}

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function head() {
  const header = made("header");
  const title = made("h2", "", "Keys");
  title.id = "keys-title";
  header.append(title);
  return header;
}

function body(rows, does) {
  const held = made("div", "body");
  const label = made("label", "check");
  const box = made("input");
  box.type = "checkbox";
  box.checked = !does.off;
  box.addEventListener("change", () => does.turn(!box.checked));
  label.append(box, made("span", "", "Single keys work on this device"));
  held.append(label, made("p", "hint", "To change one: choose it, then press the new key. Keys rest while you type."));
  for (const row of rows) held.append(made("h3", "", row.where), list(row, does));
  return held;
}

function list(row, does) {
  const shown = made("dl", "facts");
  for (const act of row.acts) {
    const term = made("dt");
    const button = made("button", "btn less", caps(act.now));
    button.type = "button";
    button.setAttribute("aria-label", `${act.says}: ${caps(act.now)}. Change`);
    button.addEventListener("click", () => listen(button, row.where, act, does));
    term.append(button);
    shown.append(term, made("dd", "", act.says));
  }
  return shown;
}

function listen(button, where, act, does) {
  button.textContent = "Press a key";
  const heard = (event) => {
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    button.removeEventListener("keydown", heard);
    button.removeEventListener("blur", left);
    const to = does.nameOf(event);
    if (to !== "esc" && to !== "tab") {
      act.now = to;
      does.change(where, act.key, to);
    }
    button.textContent = caps(act.now);
  };
  const left = () => {
    button.removeEventListener("keydown", heard);
    button.textContent = caps(act.now);
  };
  button.addEventListener("keydown", heard);
  button.addEventListener("blur", left, { once: true });
}

function foot(dialog, does) {
  const footer = made("footer");
  const reset = made("button", "btn bare", "As they were");
  const close = made("button", "btn", "Close");
  reset.type = close.type = "button";
  reset.addEventListener("click", does.reset);
  close.addEventListener("click", () => dialog.close());
  footer.append(reset, close);
  return footer;
}
