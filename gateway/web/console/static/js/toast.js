// At most one message that floats, for 8 seconds, with Undo where there is something to undo. Never for errors.
import { drawn } from "./icon.js";

const SECONDS = 8;
let going = null;

/** Says `text`. undo: what the button does, or nothing for no button; key: the key that does the same.
 *
 * Returns a function that takes the message away. A pointer or the focus on it holds it. */
export function toast(text, { undo = null, key = null, seconds = SECONDS } = {}) {
  const place = document.getElementById("toasts");
  const shown = document.createElement("div");
  shown.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  shown.append(drawn("check", "ok"), words);

  const close = () => {
    clearTimeout(going?.timer);
    if (going?.shown === shown) going = null;
    shown.remove();
  };
  const wait = () => {
    clearTimeout(going?.timer);
    if (going?.shown === shown) going.timer = setTimeout(close, seconds * 1000);
  };
  if (undo) shown.append(button(key, () => { close(); undo(); }));
  shown.addEventListener("pointerenter", () => clearTimeout(going?.timer));
  shown.addEventListener("pointerleave", wait);
  shown.addEventListener("focusin", () => clearTimeout(going?.timer));
  shown.addEventListener("focusout", wait);

  clearTimeout(going?.timer);
  place.replaceChildren(shown);
  going = { shown, timer: null };
  wait();
  return close;
}

function button(key, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn bare";
  made.textContent = "Undo";
  if (key) {
    const cap = document.createElement("kbd");
    cap.textContent = key;
    made.append(cap);
  }
  made.addEventListener("click", act);
  return made;
}
