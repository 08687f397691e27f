// Where things are, and nothing else: views of an image, boxes in whole pixels, handles. Pure.
// A view is { scale, x, y }: screen pixels per image pixel, and the image point at the stage's top left corner.
// A box is { x0, y0, x1, y1 }: half-open, in whole pixels of the image.

export const MAX_SCALE = 40;

/** The corners and sides by which a box is held: the sign of each axis that moves with it. */
export const HANDLES = [
  { name: "nw", x: -1, y: -1 }, { name: "n", x: 0, y: -1 }, { name: "ne", x: 1, y: -1 }, { name: "e", x: 1, y: 0 },
  { name: "se", x: 1, y: 1 }, { name: "s", x: 0, y: 1 }, { name: "sw", x: -1, y: 1 }, { name: "w", x: -1, y: 0 },
];

const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

/** The whole image, centred, with a little room around it. */
export function fit(image, stage, room = 16) {
  const scale = Math.max(Math.min((stage.width - room) / image.width, (stage.height - room) / image.height), 1e-3);
  return centred({ x: image.width / 2, y: image.height / 2 }, scale, stage);
}

/** The least scale that is of use: a little less than the whole image. */
export function leastScale(image, stage) {
  return Math.min(fit(image, stage).scale, 1) / 2;
}

/** A view of this scale with an image point in the middle of the stage. */
export function centred(point, scale, stage) {
  return { scale, x: point.x - stage.width / 2 / scale, y: point.y - stage.height / 2 / scale };
}

/** Closer by `factor`; what lies under a stage point stays there. */
export function zoomed(view, factor, at, image, stage) {
  const scale = clamp(view.scale * factor, leastScale(image, stage), MAX_SCALE);
  const still = toImage(view, at);
  return kept({ scale, x: still.x - at.x / scale, y: still.y - at.y / scale }, image, stage);
}

/** Moved by screen pixels. */
export function panned(view, dx, dy, image, stage) {
  return kept({ scale: view.scale, x: view.x - dx / view.scale, y: view.y - dy / view.scale }, image, stage);
}

/** So that the image does not leave the stage: its edge goes no further than the middle. */
export function kept(view, image, stage) {
  const halfWidth = stage.width / view.scale / 2;
  const halfHeight = stage.height / view.scale / 2;
  return {
    scale: view.scale,
    x: clamp(view.x, -halfWidth, image.width - halfWidth),
    y: clamp(view.y, -halfHeight, image.height - halfHeight),
  };
}

/** So that a box is seen whole, no closer than `most` and not needlessly far; the view itself where it is already. */
export function showing(view, box, image, stage, most = 6) {
  const [a, b] = [toStage(view, { x: box.x0, y: box.y0 }), toStage(view, { x: box.x1, y: box.y1 })];
  const inside = a.x >= 0 && a.y >= 0 && b.x <= stage.width && b.y <= stage.height;
  if (inside && Math.max(b.x - a.x, b.y - a.y) >= 24) return view;
  const room = Math.min(stage.width / (box.x1 - box.x0), stage.height / (box.y1 - box.y0)) / 4;
  return kept(centred(middle(box), clamp(room, view.scale, most), stage), image, stage);
}

export function middle(box) {
  return { x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2 };
}

export function toImage(view, at) {
  return { x: view.x + at.x / view.scale, y: view.y + at.y / view.scale };
}

export function toStage(view, point) {
  return { x: (point.x - view.x) * view.scale, y: (point.y - view.y) * view.scale };
}

/** The pixels that a rectangle between two image points touches, inside the image; null where it touches none. */
export function boxBetween(a, b, image) {
  const box = {
    x0: clamp(Math.floor(Math.min(a.x, b.x)), 0, image.width), y0: clamp(Math.floor(Math.min(a.y, b.y)), 0, image.height),
    x1: clamp(Math.ceil(Math.max(a.x, b.x)), 0, image.width), y1: clamp(Math.ceil(Math.max(a.y, b.y)), 0, image.height),
  };
  return box.x0 < box.x1 && box.y0 < box.y1 ? box : null;
}

/** The covering rectangle of a polygon's points: what is hidden is never less than what was drawn. */
export function covering(points, image) {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  return boxBetween({ x: Math.min(...xs), y: Math.min(...ys) }, { x: Math.max(...xs), y: Math.max(...ys) }, image);
}

/** The smallest convex polygon around points, in order: what is hidden has no hollows. */
export function hull(points) {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (list) => {
    const kept = [];
    for (const point of list) {
      while (kept.length > 1 && turn(kept.at(-2), kept.at(-1), point) <= 0) kept.pop();
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

const turn = (a, b, c) => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);

/** The box moved by whole pixels, as far as the image goes; its size stays. */
export function moved(box, dx, dy, image) {
  const x = clamp(Math.round(dx), -box.x0, image.width - box.x1);
  const y = clamp(Math.round(dy), -box.y0, image.height - box.y1);
  return { x0: box.x0 + x, y0: box.y0 + y, x1: box.x1 + x, y1: box.y1 + y };
}

/** The box with the sides that a handle holds moved by whole pixels; it keeps a pixel at least. */
export function resized(box, handle, dx, dy, image) {
  const [x, y] = [Math.round(dx), Math.round(dy)];
  return {
    x0: handle.x < 0 ? clamp(box.x0 + x, 0, box.x1 - 1) : box.x0,
    y0: handle.y < 0 ? clamp(box.y0 + y, 0, box.y1 - 1) : box.y0,
    x1: handle.x > 0 ? clamp(box.x1 + x, box.x0 + 1, image.width) : box.x1,
    y1: handle.y > 0 ? clamp(box.y1 + y, box.y0 + 1, image.height) : box.y1,
  };
}

/** Where a handle sits on a box, as an image point. */
export function handleAt(box, handle) {
  return { x: box.x0 + ((handle.x + 1) / 2) * (box.x1 - box.x0), y: box.y0 + ((handle.y + 1) / 2) * (box.y1 - box.y0) };
}

export function contains(box, point) {
  return point.x >= box.x0 && point.x < box.x1 && point.y >= box.y0 && point.y < box.y1;
}

export function same(one, other) {
  return one.x0 === other.x0 && one.y0 === other.y0 && one.x1 === other.x1 && one.y1 === other.y1;
}

export const areaOf = (box) => (box.x1 - box.x0) * (box.y1 - box.y0);

/** The level of a pyramid whose pixels are shown at this scale (device pixels each): 0 is the image itself. */
export function levelFor(scale, levels) {
  return clamp(Math.floor(Math.log2(1 / scale) + 1e-9), 0, levels - 1);
}

/** The tiles of a level that a view shows: { level, column, row } with each one's place in the image. */
export function tilesIn(view, stage, level, image, side) {
  const span = side * 2 ** level;
  const end = toImage(view, { x: stage.width, y: stage.height });
  const [left, top] = [Math.max(Math.floor(view.x / span), 0), Math.max(Math.floor(view.y / span), 0)];
  const right = Math.min(Math.ceil(end.x / span), Math.ceil(image.width / span));
  const bottom = Math.min(Math.ceil(end.y / span), Math.ceil(image.height / span));
  const found = [];
  for (let row = top; row < bottom; row += 1) {
    for (let column = left; column < right; column += 1) found.push({ level, column, row, x: column * span, y: row * span, span });
  }
  return found;
}
