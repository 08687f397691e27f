// A batch's page: the copy of an image, looked at when somebody asks for it. Each look is on the log.
import { bind } from "../keys.js";
import { Problem, send } from "../http.js";

const dialog = document.getElementById("copy");
const place = document.getElementById("seen");
let shown = null;

function all() {
  return [...document.querySelectorAll("[data-copy]")];
}

async function show(path) {
  forget();
  shown = path;
  if (!dialog.open) dialog.showModal();
  place.textContent = "Loading";
  turnable();
  try {
    const copy = await send("GET", path);
    if (shown !== path) return;
    const image = document.createElement("img");
    image.src = URL.createObjectURL(copy);
    image.alt = "The sanitized copy";
    place.replaceChildren(image);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    place.textContent = problem.message;
  }
}

function forget() {
  const image = place.querySelector("img");
  if (image) URL.revokeObjectURL(image.src);
  place.replaceChildren();
  shown = null;
}

function turn(by) {
  const paths = all().map((button) => button.dataset.copy);
  const next = paths[paths.indexOf(shown) + by];
  if (next) show(next);
}

function turnable() {
  const paths = all().map((button) => button.dataset.copy);
  document.getElementById("copy-last").disabled = paths.indexOf(shown) <= 0;
  document.getElementById("copy-next").disabled = paths.indexOf(shown) >= paths.length - 1;
  // A button that was just switched off would take the focus, and the keys, out of the dialog with it.
  const { activeElement: focused } = document;
  if (!dialog.contains(focused) || focused.disabled) dialog.querySelector("[data-closes]").focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) show(button.dataset.copy);
});
document.getElementById("copy-last").addEventListener("click", () => turn(-1));
document.getElementById("copy-next").addEventListener("click", () => turn(1));
dialog.addEventListener("close", forget);
dialog.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") turn(-1);
  if (event.key === "ArrowRight") turn(1);
});
addEventListener("pagehide", forget);

// Live states: what did not change stays as it is, and with it the focus that somebody has there.
document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  const fresh = fragment.firstElementChild ?? fragment;
  if (fresh.innerHTML?.trim() === target.innerHTML.trim()) event.detail.shouldSwap = false;
});
bind({ c: { run: () => all()[0] && show(all()[0].dataset.copy), says: "show the first copy" } }, { where: "Batch" });
