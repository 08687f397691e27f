// The annotation workbench: one image, what is drawn on it, and the keys.
import { bind } from "../keys.js";
import { Viewer } from "../review/viewer.js";
import { clearProblem, showProblem } from "../shell.js";
import { Desk } from "./desk.js";
import { Frames } from "./frames.js";
import { Keeper, WARN_S } from "./keeper.js";
import { around, objectOf, toCoco } from "./objects.js";
import { paint } from "./paint.js";
import { Panels } from "./panels.js";
import { install } from "./pointer.js";

const told = JSON.parse(document.getElementById("task").textContent);
const $ = (id) => document.getElementById(id);
const host = $("stage");
const image = { width: told.width, height: told.height };
const colours = new Map(told.classes.map((one) => [one.id, one.colour]));
const names = new Map(told.classes.map((one) => [one.id, one.name]));
let panning = false;

const desk = new Desk({ image, frames: told.frames, classes: told.classes, annotations: told.annotations }, (what) => {
  if (what === "objects") keeper.changed();
  panels.show();
  hint();
  viewer.redraw();
});
const viewer = new Viewer(host, $("canvas"), (view) => { $("zoom").textContent = `${Math.round(view.scale * devicePixelRatio * 100)} %`; });
const frames = new Frames(told.task, told.frames, () => viewer.redraw());
const panels = new Panels(desk, { name: (kind) => say(desk.name(kind)), take: (tool) => say(desk.take(tool)), select: choose });
const keeper = new Keeper(told.task, told.lease, () => toCoco(desk.all), {
  saved: (when) => state(`Saved ${when.toLocaleTimeString("en-GB")}`),
  unsaved: (problem) => state(problem ? "Not saved yet. Trying again" : "Saving"),
  lease: warn,
  over: stop,
});

// --- what is said

function state(words) { $("saved").textContent = words; }

function say(words) {
  $("said").textContent = words ?? "";
  $("said").hidden = !words;
}

/** What to do next, while something is being drawn. */
function hint() {
  const { draft, tool, inHand } = desk;
  const placing = tool === "landmark" && inHand?.landmarks[draft?.points?.length ?? 0];
  const words = placing ? `Place: ${placing} (${(draft?.points?.length ?? 0) + 1} of ${inHand.landmarks.length}). Shift: covered. N: not to be seen.`
    : draft?.ring ? "Enter closes the polygon, Backspace takes the last corner back." : "";
  $("hint").textContent = words;
  $("hint").hidden = !words;
}

function warn(left) {
  const near = left < WARN_S;
  $("lease").hidden = !near;
  if (near) $("lease-left").textContent = `${Math.max(Math.ceil(left / 60), 1)} min`;
}

/** Nothing of the image stays on the screen; the gateway's own page says why, and what can be done. */
function stop() {
  keeper.stop();
  frames.close();
  viewer.clear();
  location.replace(location.pathname);
}

const isOver = (problem) => [403, 404, 409].includes(problem.status);

// --- acts

function choose(id) {
  desk.select(id);
  const object = objectOf(desk.objects, id);
  if (object) viewer.bring(around(object));
}

function walk(step) {
  const next = desk.neighbour(step);
  if (next) choose(next.id);
  return next !== null;
}

async function submit(sure = false) {
  if (!shown()) return; // nobody labels what they have not seen
  if (desk.finish()) return;
  if (!sure && frames.unseen > 0) return askUnseen();
  if (!sure && desk.all.length === 0) return $("empty").showModal();
  for (const asked of ["empty", "unseen"]) $(asked)?.close();
  clearProblem();
  $("submit").disabled = true;
  try {
    location.assign(await keeper.submit());
  } catch (problem) {
    $("submit").disabled = false;
    if (isOver(problem)) stop();
    else showProblem(problem);
  }
}

function askUnseen() {
  $("seen").textContent = frames.seenWords;
  $("unseen").showModal();
}

/** On to another frame; the view stays where it is, so that what moves can be followed. */
async function turn(by) {
  const frame = desk.frame + by;
  if (frames.fetching || !frames.has(frame)) return;
  if (desk.draft || desk.tried) return say("Finish what you are drawing first, or leave it: Esc.");
  clearProblem();
  host.setAttribute("aria-busy", "true");
  try {
    await frames.look(frame);
    say();
    desk.turn(frame);
    $("frame").textContent = frames.words(frame);
  } catch (problem) {
    unshown(problem);
  }
  host.removeAttribute("aria-busy");
}

const nudge = (dx, dy) => (event) => {
  const by = event.shiftKey ? 10 : 1;
  desk.nudge(dx * by, dy * by, viewer.centre());
};
const act = (run, says, more = {}) => ({ run, says, ...more });
const shown = () => viewer.image !== null && !frames.fetching;
const keys = (where, bound, when = shown) => bind(bound, { where, when });

const classKeys = Object.fromEntries(told.classes.filter((one) => one.key).map((one) => [one.key, act(() => say(desk.name(one.id)), `class ${one.name}`)]));
keys("Classes", classKeys);
keys("Drawing", {
  r: act(() => say(desk.take("box")), "box"),
  p: act(() => say(desk.take("polygon")), "polygon"),
  m: act(() => say(desk.take("landmark")), "landmark"),
  v: act(() => say(desk.take("select")), "select and move"),
  ".": act(() => desk.cross && say(desk.set(desk.cross)), "set a point at the crosshair (arrows move it)"),
  n: act(() => desk.absent(), "this landmark is not to be seen"),
  backspace: act(() => desk.remove(), "take the last corner back, or delete"),
  enter: act(() => submit(), "close what is drawn; submit, next image"),
  esc: act(() => { say(); desk.cancel(); }, "cancel, let go"),
});
keys("Objects", {
  w: act(() => walk(1), "next object", { repeat: true }),
  q: act(() => walk(-1), "previous object", { repeat: true }),
  e: act(() => desk.nextHandle(), "next handle of the object", { repeat: true }),
  del: act(() => desk.remove(), "delete"),
  t: act(() => desk.trait("truncated"), "cut off by the edge"),
  y: act(() => desk.trait("occluded"), "partly covered"),
  h: act(() => say(desk.cover()), "landmark covered, or shown"),
  c: act(() => say(desk.copy()), "copy class and attributes"),
  "shift+c": act(() => say(desk.apply()), "apply what was copied"),
  z: act(() => desk.undo(), "undo", { repeat: true }),
  "shift+z": act(() => desk.redo(), "redo", { repeat: true }),
  "ctrl+z": act(() => desk.undo(), "", { repeat: true }),
  "ctrl+shift+z": act(() => desk.redo(), "", { repeat: true }),
});
const ARROWS = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };
keys("Move the object, its handle or the crosshair", Object.fromEntries(Object.entries(ARROWS).flatMap(([key, [dx, dy]]) => [
  [key, act(nudge(dx, dy), `1 px ${key}`, { repeat: true })], [`shift+${key}`, act(nudge(dx, dy), `10 px ${key}`, { repeat: true })],
])));
keys("View", {
  "+": act(() => viewer.zoom(1), "closer", { repeat: true }),
  "=": act(() => viewer.zoom(1), "", { repeat: true }),
  "-": act(() => viewer.zoom(-1), "further", { repeat: true }),
  0: act(() => viewer.fit(), "whole image"),
  x: act(() => viewer.single(), "single pixels"),
  o: act(() => desk.toggleTags(), "names on the image on or off"),
  "shift+o": act(() => desk.toggleOutlines(), "objects on the image on or off"),
  g: act(() => open($("guide-link").href, "guidelines", "noopener"), "guidelines"),
  space: act(() => hold(true), "hold to pan", { release: () => hold(false) }),
});

// The full stop sets a point where a crosshair is.
if (frames.several) keys("Frames", {
  ".": act(() => turn(1), "next frame or page"),
  ",": act(() => turn(-1), "previous frame or page"),
}, () => shown() && desk.cross === null);

function hold(on) {
  panning = on;
  host.classList.toggle("pans", on);
}

// Tab goes through the objects while the image has the focus, and on at the last one.
host.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.ctrlKey && !event.altKey && walk(event.shiftKey ? -1 : 1)) event.preventDefault();
});

const buttons = {
  undo: () => desk.undo(), redo: () => desk.redo(), submit: () => submit(), "submit-empty": () => submit(true), "submit-unseen": () => submit(true), before: () => turn(-1), after: () => turn(1), "keep-lease": () => keeper.renew(),
  fit: () => viewer.fit(), closer: () => viewer.zoom(1), further: () => viewer.zoom(-1), single: () => viewer.single(), tags: () => desk.toggleTags(),
};
for (const [id, run] of Object.entries(buttons)) $(id)?.addEventListener("click", run); // those of frames only where there are several
$("give-back").addEventListener("submit", () => keeper.stop());

// --- the image

async function load() {
  await frames.look(0);
  viewer.show(image, (context, view, stage, ratio) => {
    frames.picture?.draw(context, view, stage, ratio);
    const { seen, outlines, selected, handle, tags, draft, cross } = desk;
    paint(context, view, ratio, { objects: outlines ? seen : [], selected, handle, tags, draft, cross, colours, names });
  });
  $("loading").hidden = true;
  $("submit").disabled = false;
  host.removeAttribute("aria-busy");
}

function unshown(problem) {
  // An image that is gone leaves the page as it is: loading it again would only ask for it again.
  if (problem.status !== 404 && isOver(problem)) stop();
  else showProblem(problem.title ? problem : { title: "The image could not be shown.", detail: "Nothing was changed. Load the page again." });
}

install(host, viewer, desk, { panning: () => panning, say });
panels.show();
hint();
host.focus({ preventScroll: true });
load().catch((problem) => {
  $("loading").hidden = true;
  unshown(problem);
});
