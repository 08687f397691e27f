// The pointer over the image: draws with the tool in hand, takes handles, moves objects, pans.
import { toStage } from "../review/geometry.js";
import { handlesOf, objectAt } from "./objects.js";

const REACH = 8; // screen pixels by which a handle may be missed
const STILL = 3; // screen pixels: less is a click
const DOUBLE = 350; // milliseconds between the clicks that close a polygon

/** Installs the pointer on the viewer's host. panning: a function; true while the hand pans. */
export function install(host, viewer, desk, { panning, say }) {
  let drag = null;
  let clicked = 0;

  const near = (handle, event) => {
    const place = host.getBoundingClientRect();
    const at = toStage(viewer.view, handle);
    return Math.hypot(at.x - (event.clientX - place.left), at.y - (event.clientY - place.top)) <= REACH;
  };
  const handleUnder = (event) => (desk.object && !desk.draft ? handlesOf(desk.object).find((one) => near(one, event)) ?? null : null);

  host.addEventListener("pointerdown", (event) => {
    if (viewer.touch(event) || !viewer.image) return;
    host.setPointerCapture(event.pointerId);
    const point = viewer.at(event);
    const start = { x: event.clientX, y: event.clientY, point };
    if (event.button === 1 || panning()) drag = { ...start, what: "pan" };
    else if (event.button !== 0) return;
    else drag = { ...start, ...begun(event, point) };
  });

  function begun(event, point) {
    const handle = handleUnder(event);
    if (handle) return { what: "handle", handle };
    if (desk.tool === "select") {
      const under = objectAt(desk.objects, point, REACH / viewer.view.scale);
      if (under && under.id !== desk.selected) desk.select(under.id);
      return under ? { what: "object", object: under, moved: { x: 0, y: 0 } } : { what: "nothing" };
    }
    if (desk.tool === "box" && !desk.draft) return { what: "box" };
    return { what: "point" };
  }

  host.addEventListener("pointermove", (event) => {
    if (viewer.touch(event) || !viewer.image) return;
    const point = viewer.at(event);
    if (!drag) {
      desk.hover(point);
      host.classList.toggle("grips", handleUnder(event) !== null);
      return;
    }
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > STILL;
    if (drag.what === "pan") {
      viewer.pan(event.movementX, event.movementY);
    } else if (drag.what === "handle" && (far || drag.live)) {
      drag.live = true;
      drag.to = point;
      desk.trial({ handle: drag.handle, to: point });
    } else if (drag.what === "object" && (far || drag.live)) {
      drag.live = true;
      drag.moved = { x: point.x - drag.point.x, y: point.y - drag.point.y };
      desk.trial({ object: drag.object, dx: drag.moved.x, dy: drag.moved.y });
    } else if (drag.what === "box" && (far || drag.live)) {
      if (!drag.live) say(desk.set(drag.point));
      drag.live = true;
      desk.hover(point);
    }
  });

  host.addEventListener("pointerup", (event) => {
    if (viewer.touch(event) || !drag) return;
    const [done, point] = [drag, viewer.at(event)];
    drag = null;
    desk.trial(null);
    if (done.what === "handle") {
      if (done.live) desk.pull(done.handle, done.to);
      else desk.hold(done.handle);
    } else if (done.what === "object" && done.live) desk.shift(done.object, done.moved.x, done.moved.y);
    else if (done.what === "object" || done.what === "nothing") desk.select(done.object?.id ?? null);
    else if (done.what === "box") finished(done, point);
    else if (done.what === "point") placed(event, point);
  });

  host.addEventListener("pointercancel", (event) => {
    viewer.touch(event);
    drag = null;
    desk.trial(null);
  });

  function finished(done, point) {
    // A click with the box tool selects what is under it.
    if (done.live) say(desk.set(point));
    else desk.select(objectAt(desk.objects, point, REACH / viewer.view.scale)?.id ?? null);
  }

  function placed(event, point) {
    const ring = desk.tool === "polygon" ? desk.draft?.ring : null;
    const again = event.timeStamp - clicked < DOUBLE;
    clicked = event.timeStamp;
    if (ring?.length >= 3 && (near(ring[0], event) || (again && near(ring.at(-1), event)))) desk.finish();
    else say(desk.set(point, event.shiftKey));
  }

  // Nothing of the image leaves by the mouse: no menu to save it with, nothing to drag out.
  for (const kind of ["contextmenu", "dragstart", "selectstart"]) host.addEventListener(kind, (event) => event.preventDefault());
}
