// What stands on the stage: the original, or what the next copy would show of it, made of the copy under review and
// the draft: what was added is covered, what shall not be hidden is seen as it is.
import { isHidden } from "./draft.js";
import { same } from "./geometry.js";

/** Draws the original. */
export function original(picture) {
  return (context, view, stage, ratio) => picture.draw(context, view, stage, ratio);
}

/** Draws the sanitized copy as `draft()` would have it. */
export function sanitized(picture, copy, draft) {
  return (context, view, stage, ratio) => {
    copy.draw(context, view, stage, ratio);
    const { regions } = draft();
    const within = (boxes, paint) => {
      if (boxes.length === 0) return;
      context.save();
      context.beginPath();
      for (const box of boxes) context.rect(...placed(box, view, ratio));
      context.clip();
      paint();
      context.restore();
    };
    const hidden = regions.filter(isHidden);
    const bared = regions.filter((one) => one.home && (!isHidden(one) || !same(one.box, one.home))).map((one) => one.home);
    within(bared, () => picture.draw(context, view, stage, ratio));
    if (bared.length > 0) within(hidden.filter((one) => one.home && same(one.box, one.home)).map((one) => one.home), () => copy.draw(context, view, stage, ratio));
    // How exactly it is hidden there is for the gateway to say, once; that nothing is seen is what counts here.
    context.fillStyle = "#16191b";
    for (const one of hidden) {
      if (one.home && same(one.box, one.home)) continue;
      if (one.points) fill(context, one.points, view, view.scale * ratio);
      else context.fillRect(...placed(one.box, view, ratio));
    }
  };
}

function fill(context, points, view, scale) {
  context.beginPath();
  for (const { x, y } of points) context.lineTo((x - view.x) * scale, (y - view.y) * scale);
  context.fill();
}

function placed(box, view, ratio) {
  const scale = view.scale * ratio;
  const [x, y] = [Math.round((box.x0 - view.x) * scale), Math.round((box.y0 - view.y) * scale)];
  return [x, y, Math.round((box.x1 - view.x) * scale) - x, Math.round((box.y1 - view.y) * scale) - y];
}
