// The objects that are drawn on one image, and what can be done to them. Pure: each act returns new objects.
// An object is { id, kind, frame, box, rings, points, truncated, occluded }:
//   kind: the number of its class. box: { x0, y0, x1, y1 } or null. rings: polygons, each a list of { x, y }.
//   frame: the one it is on, from 0; of most images there is no other.
//   points: landmarks { x, y, v } in the order of their names; v is COCO's: 0 not placed, 1 covered, 2 shown.
// Boxes and corners lie on edges between pixels, landmarks in the middle of one.

export const ABSENT = 0;
export const COVERED = 1;
export const SHOWN = 2;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The edge between pixels that is nearest, inside the image. */
export function onEdge(point, image) {
  return { x: clamp(Math.round(point.x), 0, image.width), y: clamp(Math.round(point.y), 0, image.height) };
}

/** The middle of the pixel that a point is in. */
export function inPixel(point, image) {
  return { x: clamp(Math.floor(point.x), 0, image.width - 1) + 0.5, y: clamp(Math.floor(point.y), 0, image.height - 1) + 0.5 };
}

/** The box between two corners, or null where it has no pixel. */
export function boxOf(a, b) {
  const box = { x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x), y1: Math.max(a.y, b.y) };
  return box.x0 < box.x1 && box.y0 < box.y1 ? box : null;
}

const bare = { box: null, rings: [], points: [], truncated: false, occluded: false };

/** The number that no object has yet. */
export const following = (objects) => objects.reduce((most, one) => Math.max(most, one.id), 0) + 1;

/** Adds an object of a class on a frame; shape: its box, rings or points. */
export function added(objects, id, kind, frame, shape) {
  return [...objects, { ...bare, id, kind, frame, ...shape }];
}

export const without = (objects, id) => objects.filter((one) => one.id !== id);
export const objectOf = (objects, id) => objects.find((one) => one.id === id) ?? null;

/** The objects with one of them changed; the same list where nothing is different. */
export function changed(objects, id, change) {
  const before = objectOf(objects, id);
  const differs = before && Object.keys(change).some((name) => JSON.stringify(before[name]) !== JSON.stringify(change[name]));
  return differs ? objects.map((one) => (one.id === id ? { ...one, ...change } : one)) : objects;
}

const placed = (point) => point.v !== ABSENT;

/** The smallest box around all of an object. */
export function around(object) {
  const corners = [...object.rings.flat(), ...object.points.filter(placed)];
  if (object.box) corners.push({ x: object.box.x0, y: object.box.y0 }, { x: object.box.x1, y: object.box.y1 });
  const [xs, ys] = [corners.map((one) => one.x), corners.map((one) => one.y)];
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) };
}

/** The object moved, as far as the image goes. */
export function moved(object, dx, dy, image) {
  const bounds = around(object);
  const x = clamp(dx, -bounds.x0, image.width - bounds.x1);
  const y = clamp(dy, -bounds.y0, image.height - bounds.y1);
  const by = (point) => ({ ...point, x: point.x + x, y: point.y + y });
  return {
    box: object.box && { x0: object.box.x0 + x, y0: object.box.y0 + y, x1: object.box.x1 + x, y1: object.box.y1 + y },
    rings: object.rings.map((ring) => ring.map(by)),
    points: object.points.map((point) => (placed(point) ? by(point) : point)),
  };
}

const SIDES = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];

/** By what an object is held: { what, x, y, … }, each at a point of the image. */
export function handlesOf(object) {
  const found = [];
  if (object.box) {
    const { x0, y0, x1, y1 } = object.box;
    for (const [sx, sy] of SIDES) found.push({ what: "side", sx, sy, x: x0 + ((sx + 1) / 2) * (x1 - x0), y: y0 + ((sy + 1) / 2) * (y1 - y0) });
  }
  object.rings.forEach((ring, at) => ring.forEach((corner, index) => found.push({ what: "corner", ring: at, index, ...corner })));
  object.points.forEach((point, index) => placed(point) && found.push({ what: "point", index, ...point }));
  return found;
}

/** Whether two handles are the same one, wherever it is by now. */
export function alike(one, other) {
  return one.what === other.what && ["sx", "sy", "ring", "index"].every((name) => one[name] === other[name]);
}

/** What of the object changes when a handle goes to a point of the image. */
export function pulled(object, handle, to, image) {
  if (handle.what === "side") return { box: resized(object.box, handle, onEdge(to, image)) };
  if (handle.what === "corner") {
    const rings = object.rings.map((ring, at) => (at === handle.ring ? ring.map((one, index) => (index === handle.index ? onEdge(to, image) : one)) : ring));
    return areaOf(rings[handle.ring]) > 0 ? { rings } : {};
  }
  return { points: object.points.map((one, index) => (index === handle.index ? { ...one, ...inPixel(to, image) } : one)) };
}

function resized(box, { sx, sy }, to) {
  return {
    x0: sx < 0 ? Math.min(to.x, box.x1 - 1) : box.x0,
    y0: sy < 0 ? Math.min(to.y, box.y1 - 1) : box.y0,
    x1: sx > 0 ? Math.max(to.x, box.x0 + 1) : box.x1,
    y1: sy > 0 ? Math.max(to.y, box.y0 + 1) : box.y1,
  };
}

/** In square pixels, by the shoelace formula. */
export function areaOf(ring) {
  return Math.abs(ring.reduce((sum, a, index) => {
    const b = ring[(index + 1) % ring.length];
    return sum + a.x * b.y - b.x * a.y;
  }, 0)) / 2;
}

function inside(ring, point) {
  let within = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [a, b] = [ring[i], ring[j]];
    if (a.y > point.y !== b.y > point.y && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) within = !within;
  }
  return within;
}

/** The smallest object under a point, or null. reach: image pixels by which a landmark may be missed. */
export function objectAt(objects, point, reach) {
  const hit = objects.filter((one) => {
    if (one.rings.some((ring) => inside(ring, point))) return true;
    if (one.points.some((at) => placed(at) && Math.hypot(at.x - point.x, at.y - point.y) <= reach)) return true;
    const { box } = one;
    return Boolean(box) && point.x >= box.x0 && point.x < box.x1 && point.y >= box.y0 && point.y < box.y1;
  });
  const size = (one) => { const box = around(one); return (box.x1 - box.x0) * (box.y1 - box.y0); };
  return hit.sort((a, b) => size(a) - size(b))[0] ?? null;
}

/** The size of an object in words: 912 × 600, 5 corners, 2 of 3 points. */
export function sizeOf(object) {
  if (object.rings.length) return `${object.rings.flat().length} corners`;
  if (object.points.length && !object.box) return `${object.points.filter(placed).length} of ${object.points.length} points`;
  const short = (value) => String(Math.round(value * 10) / 10);
  return `${short(object.box.x1 - object.box.x0)} × ${short(object.box.y1 - object.box.y0)}`;
}

// --- COCO, as the gateway takes and gives it

export function fromCoco(annotations) {
  return annotations.map((one) => {
    const rings = (one.segmentation ?? []).map((flat) => pairs(flat, 2).map(([x, y]) => ({ x, y })));
    const points = pairs(one.keypoints ?? [], 3).map(([x, y, v]) => ({ x, y, v }));
    const [x, y, width, height] = one.bbox;
    // Without polygons a box is one's own, unless it is only what lies around the landmarks.
    const box = { x0: x, y0: y, x1: x + width, y1: y + height };
    const own = rings.length === 0 && !(points.length && matches(box, around({ ...bare, points })));
    const { truncated = false, occluded = false } = one.attributes ?? {};
    return { id: one.id, kind: one.category_id, frame: one.frame ?? 0, box: own ? box : null, rings, points, truncated, occluded };
  });
}

export function toCoco(objects) {
  return { annotations: objects.map(annotation) };
}

function annotation(object) {
  const found = { id: object.id, category_id: object.kind };
  if (object.frame) found.frame = object.frame;
  if (object.box) found.bbox = [object.box.x0, object.box.y0, object.box.x1 - object.box.x0, object.box.y1 - object.box.y0];
  if (object.rings.length) found.segmentation = object.rings.map((ring) => ring.flatMap((one) => [one.x, one.y]));
  if (object.points.length) found.keypoints = object.points.flatMap((one) => (placed(one) ? [one.x, one.y, one.v] : [0, 0, ABSENT]));
  if (object.truncated || object.occluded) found.attributes = { truncated: object.truncated, occluded: object.occluded };
  return found;
}

function pairs(flat, step) {
  return Array.from({ length: Math.floor(flat.length / step) }, (_, at) => flat.slice(at * step, (at + 1) * step));
}

function matches(one, other) {
  return ["x0", "y0", "x1", "y1"].every((side) => Math.abs(one[side] - other[side]) < 0.01);
}
