// What every page does: find, menus, dialogs, live figures, the token on htmx's requests, and what to say on failure.
import { signIn, token } from "./http.js";
import { drawn } from "./icon.js";
import { bind, showKeys } from "./keys.js";

const TICK_SECONDS = 10;

/** Says what broke at the top of the page. problem: { title, detail, reference }, a Problem of http.js for one. */
export function showProblem(problem) {
  const place = document.getElementById("problem");
  if (!place) return;
  const note = document.createElement("div");
  note.className = "note bad";
  note.setAttribute("role", "alert");
  const words = document.createElement("p");
  const title = document.createElement("b");
  title.textContent = problem.title;
  words.append(title, ` ${problem.detail ?? ""}`);
  if (problem.reference) words.append(` Reference ${problem.reference}.`);
  note.append(drawn("alert"), words);
  place.replaceChildren(note);
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

/** Takes what showProblem said away. */
export function clearProblem() {
  const place = document.getElementById("problem");
  place?.replaceChildren();
  if (place) place.hidden = true;
}

// Live figures: hx-trigger="tick from:body". The tick comes while the page is visible, and once when it is again.
function tick() {
  if (document.visibilityState === "visible") document.body.dispatchEvent(new CustomEvent("tick"));
}

function installHtmx() {
  const { body } = document;
  body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-Privgate-Token"] = token();
    // A page that keeps itself fresh is nobody's activity: the session's idle time goes on.
    if (event.detail.triggeringEvent?.type === "tick") event.detail.headers["X-Privgate-Quiet"] = "1";
  });
  body.addEventListener("htmx:beforeRequest", (event) => {
    if (!isTick(event)) clearProblem();
  });
  body.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    if (status === 401) return signIn();
    if (isTick(event)) return; // live figures keep what they show, and try again
    showProblem(said(event.detail.xhr));
  });
  body.addEventListener("htmx:sendError", (event) => {
    if (!isTick(event)) showProblem({ title: "The gateway does not answer.", detail: "Nothing was changed. Try again." });
  });
}

function isTick(event) {
  return event.detail.requestConfig?.triggeringEvent?.type === "tick";
}

function said(xhr) {
  const reference = xhr.getResponseHeader("X-Request-Id");
  try {
    const { title, detail } = JSON.parse(xhr.responseText);
    return { title, detail, reference };
  } catch {
    // The fragment that the gateway answers htmx with says it in words.
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const title = page.querySelector(".note b")?.textContent;
    const detail = page.querySelector(".note .words")?.textContent;
    return { title: title ?? `The gateway answered ${xhr.status}.`, detail: detail ?? "Nothing was changed.", reference };
  }
}

// Dialogs: data-opens="id" opens one, data-closes closes the one it is in. Words to be typed switch its .stop on.
function installDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target.closest("[data-shows-keys]")) {
      document.getElementById("person-menu")?.hidePopover();
      showKeys();
    }
  });
  document.addEventListener("input", (event) => {
    const { words } = event.target.dataset;
    const button = words && event.target.closest("dialog, .dialog, form")?.querySelector(".btn.stop.go");
    if (button) button.disabled = event.target.value.trim() !== words;
  });
  document.addEventListener("change", (event) => {
    // A choice that acts by itself, such as a period: the form says so.
    if (event.target.closest("form[data-sends-itself]")) event.target.form.requestSubmit();
  });
}

const find = document.getElementById("find");
if (find) bind({ "/": { run: () => find.select(), says: "find" } }, { where: "Everywhere" });
installHtmx();
installDialogs();
setInterval(tick, TICK_SECONDS * 1000);
document.addEventListener("visibilitychange", tick);
