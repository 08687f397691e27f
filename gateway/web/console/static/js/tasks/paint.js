// Draws objects over the image, on the same canvas: colour = class, handles = selected, white dashes = being drawn.
import { toStage } from "../review/geometry.js";
import { ABSENT, COVERED, alike, around, handlesOf } from "./objects.js";

const CASING = "#0b1013";
const FONT = "620 11px system-ui, sans-serif";
const HANDLE = 7; // screen pixels
const DOT = 4.5;

/** Draws all of `scene`: { objects, selected, handle, tags, draft, cross, colours, names } in `view`. */
export function paint(context, view, ratio, scene) {
  context.save();
  context.scale(ratio, ratio);
  const at = (point) => toStage(view, point);
  for (const object of scene.objects) {
    if (object.id !== scene.selected) drawn(context, at, object, scene, false);
  }
  const chosen = scene.objects.find((one) => one.id === scene.selected);
  if (chosen) {
    drawn(context, at, chosen, scene, true);
    for (const handle of handlesOf(chosen)) grip(context, at(handle), Boolean(scene.handle) && alike(handle, scene.handle));
  }
  if (scene.draft) begun(context, at, scene.draft);
  if (scene.cross) cross(context, at(scene.cross));
  context.restore();
}

function drawn(context, at, object, scene, chosen) {
  const colour = scene.colours.get(object.kind) ?? "#fff";
  if (object.box) cased(context, boxPath(at, object.box), colour, chosen);
  for (const ring of object.rings) cased(context, ringPath(at, ring, true), colour, chosen);
  object.points.forEach((point) => point.v !== ABSENT && dot(context, at(point), colour, point.v === COVERED));
  if (scene.tags) tag(context, at(corner(object)), `${scene.names.get(object.kind)} ${object.id}`, colour, object.points.length && !object.box ? 17 + 2 * DOT : 17);
}

function corner(object) {
  const box = around(object);
  return { x: box.x0, y: box.y0 };
}

function boxPath(at, box) {
  const [a, b] = [at({ x: box.x0, y: box.y0 }), at({ x: box.x1, y: box.y1 })];
  const path = new Path2D();
  path.rect(a.x, a.y, b.x - a.x, b.y - a.y);
  return path;
}

function ringPath(at, ring, closed) {
  const path = new Path2D();
  ring.map(at).forEach((point, index) => (index ? path.lineTo(point.x, point.y) : path.moveTo(point.x, point.y)));
  if (closed) path.closePath();
  return path;
}

function cased(context, path, colour, chosen) {
  context.setLineDash([]);
  context.lineJoin = "round";
  context.lineWidth = chosen ? 5.5 : 4.5;
  context.strokeStyle = "rgb(11 16 19 / .75)";
  context.stroke(path);
  context.lineWidth = chosen ? 3 : 2;
  context.strokeStyle = colour;
  context.stroke(path);
}

function dot(context, point, colour, hollow) {
  context.beginPath();
  context.arc(point.x, point.y, DOT, 0, 2 * Math.PI);
  context.lineWidth = 4.5;
  context.strokeStyle = "rgb(11 16 19 / .75)";
  context.stroke();
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
  context.fillStyle = hollow ? CASING : colour;
  context.fill();
}

function tag(context, point, words, colour, above) {
  context.font = FONT;
  const width = context.measureText(words).width + 8;
  const [x, y] = [point.x - 1, Math.max(point.y - above, 0)];
  context.fillStyle = colour;
  context.fillRect(x, y, width, 15);
  context.fillStyle = CASING;
  context.textBaseline = "middle";
  context.fillText(words, x + 4, y + 8);
}

function grip(context, point, held) {
  const side = held ? HANDLE + 4 : HANDLE;
  context.setLineDash([]);
  context.fillStyle = held ? "#63d2ff" : "#fff";
  context.strokeStyle = CASING;
  context.lineWidth = 1;
  context.fillRect(point.x - side / 2, point.y - side / 2, side, side);
  context.strokeRect(point.x - side / 2, point.y - side / 2, side, side);
}

/** What is being drawn: { box }, { ring, to } or { points }. */
function begun(context, at, draft) {
  const lines = [];
  if (draft.box) lines.push(boxPath(at, draft.box));
  if (draft.ring) lines.push(ringPath(at, draft.to ? [...draft.ring, draft.to] : draft.ring, false));
  for (const path of lines) {
    context.lineWidth = 4.5;
    context.strokeStyle = "rgb(11 16 19 / .75)";
    context.setLineDash([]);
    context.stroke(path);
    context.lineWidth = 2;
    context.strokeStyle = "#fff";
    context.setLineDash([6, 4]);
    context.stroke(path);
  }
  for (const point of draft.ring ?? []) grip(context, at(point), false);
  for (const point of draft.points ?? []) if (point.v !== ABSENT) dot(context, at(point), "#fff", point.v === COVERED);
}

function cross(context, point) {
  context.setLineDash([]);
  for (const [colour, width] of [["rgb(11 16 19 / .75)", 4], ["#fff", 1.5]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(point.x - 14, point.y);
    context.lineTo(point.x + 14, point.y);
    context.moveTo(point.x, point.y - 14);
    context.lineTo(point.x, point.y + 14);
    context.stroke();
  }
}
