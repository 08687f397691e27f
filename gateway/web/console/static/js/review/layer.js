// Regions over the image: outlines, tags and handles as SVG in screen pixels, and what a pointer does to them.
import { HANDLES, boxBetween, covering, moved, resized, toStage } from "./geometry.js";
import { CLASSES, isHidden, isOpen, regionAt, regionOf } from "./draft.js";
import { Handles } from "./handles.js";
import { made, put } from "./svg.js";

const NEAR = 8; // screen pixels within which a click closes a polygon, and less than which a drag is a click

export class Layer {
  #shown = new Map();
  #drag = null;
  #points = [];

  /** told: { select(key), place(key, box), draw(box, points), panning() } is called when a pointer did something. */
  constructor(svg, viewer, told) {
    this.viewer = viewer;
    this.told = told;
    this.tool = "select";
    this.outlines = true;
    this.draft = { regions: [] };
    this.selected = null;
    this.regions = made("g", {}, svg);
    this.pencil = made("path", { class: "rg own todo" }, svg);
    this.handles = new Handles(svg, (handle, dx, dy) => this.#nudge(handle, dx, dy));
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel", "dblclick"]) {
      svg.addEventListener(name, (event) => this.#point(event));
    }
    this.svg = svg;
  }

  /** Another draft, or another region of it. */
  update(draft, selected) {
    this.draft = draft;
    this.selected = selected;
    const keys = new Set(draft.regions.map((one) => one.key));
    for (const [key, parts] of this.#shown) {
      if (keys.has(key)) continue;
      parts.group.remove();
      this.#shown.delete(key);
    }
    for (const region of draft.regions) this.#dress(region);
    this.render();
  }

  use(tool) {
    this.tool = tool;
    this.#points = [];
    this.svg.dataset.tool = tool;
    this.render();
  }

  /** Ends a polygon or a drag. close: keeps what was drawn. Returns whether there was one. */
  end(close) {
    const going = this.#points.length > 0 || this.#drag !== null;
    const points = this.#points;
    this.#points = [];
    this.#drag = null;
    if (close && points.length > 2) this.#drawn(covering(points, this.viewer.image), points);
    this.render();
    return going;
  }

  /** Puts everything where the view has it; called with every frame. */
  render() {
    const { view, stage } = this.viewer;
    for (const region of this.draft.regions) {
      const box = this.#live(region);
      const parts = this.#shown.get(region.key);
      const [a, b] = [toStage(view, { x: box.x0, y: box.y0 }), toStage(view, { x: box.x1, y: box.y1 })];
      const seen = (this.outlines || region.key === this.selected) && b.x > -40 && b.y > -40 && a.x < stage.width + 40 && a.y < stage.height + 40;
      if (seen) this.#lay(parts, region, a, b, view);
      parts.group.toggleAttribute("hidden", !seen);
      parts.group.style.display = seen ? "" : "none";
    }
    const held = this.tool === "select" ? regionOf(this.draft, this.selected) : null;
    this.handles.lay(held, held && this.#live(held), view);
    this.pencil.setAttribute("d", this.#pencilled(view));
  }

  #lay(parts, region, a, b, view) {
    const place = { x: a.x, y: a.y, width: b.x - a.x, height: b.y - a.y };
    put(parts.casing, place);
    put(parts.line, place);
    const top = a.y < 16 ? b.y + 1 : a.y - 15;
    put(parts.ground, { x: a.x - 1, y: top, width: parts.width });
    put(parts.tag, { x: a.x - 1 + parts.width / 2, y: top + 11 });
    parts.polygon.setAttribute("d", region.points && this.#drag?.key !== region.key ? path(region.points, view, true) : "");
  }

  #dress(region) {
    const parts = this.#shown.get(region.key) ?? this.#undressed(region);
    const kind = region.own ? "own" : CLASSES[region.kind];
    const state = `${isHidden(region) ? "" : " no"}${isOpen(region) ? " todo" : ""}${region.key === this.selected ? " sel" : ""}`;
    parts.line.setAttribute("class", `rg ${kind}${state}`);
    parts.polygon.setAttribute("class", `rg ${kind}${state}${region.own ? " todo" : ""}`);
    parts.ground.setAttribute("class", `rtb ${kind}${isHidden(region) ? "" : " no"}`);
    parts.tag.textContent = region.tag;
    parts.width = 7 + 7 * region.tag.length;
    this.#shown.set(region.key, parts);
    this.regions.append(parts.group); // in the order of the list; the selected one on top
    if (region.key === this.selected) this.regions.append(parts.group);
  }

  #undressed(region) {
    const group = made("g", { "data-region": region.key }, this.regions);
    return {
      group,
      casing: made("rect", { class: "rg case" }, group),
      line: made("rect", { class: "rg" }, group),
      polygon: made("path", { class: "rg" }, group),
      ground: made("rect", { class: "rtb", height: 14, rx: 2 }, group),
      tag: made("text", { class: "rt", "text-anchor": "middle" }, group),
      width: 21,
    };
  }

  #nudge(handle, dx, dy) {
    const region = regionOf(this.draft, this.selected);
    if (region) this.told.place(region.key, resized(region.box, handle, dx, dy, this.viewer.image));
  }

  #live(region) {
    return this.#drag?.key === region.key ? this.#drag.box : region.box;
  }

  #pencilled(view) {
    if (this.#drag?.box && this.#drag.does === "box") {
      const { x0, y0, x1, y1 } = this.#drag.box;
      return path([{ x: x0, y: y0 }, { x: x1, y: y0 }, { x: x1, y: y1 }, { x: x0, y: y1 }], view, true);
    }
    return path([...this.#points, ...(this.#points.length > 0 && this.hover ? [this.hover] : [])], view, false);
  }

  #point(event) {
    if (!this.viewer.image) return;
    if (this.viewer.touch(event)) {
      this.#drag = null;
      return;
    }
    const at = this.viewer.at(event);
    if (event.type === "pointerdown") this.#down(event, at);
    else if (event.type === "pointermove") this.#move(event, at);
    else if (event.type === "dblclick" && this.#points.length > 0) this.end(true);
    else if (event.type === "pointerup") this.#up(event);
    else if (event.type === "pointercancel") this.end(false);
  }

  #down(event, at) {
    if (event.button > 1) return;
    this.svg.setPointerCapture(event.pointerId);
    const pans = this.tool === "pan" || event.button === 1 || this.told.panning();
    const start = { from: at, at: { x: event.clientX, y: event.clientY } };
    const handle = HANDLES.find((one) => one.name === event.target.dataset?.handle);
    if (pans) this.#drag = { ...start, does: "pan" };
    else if (this.tool === "box") this.#drag = { ...start, does: "box", box: null };
    else if (this.tool === "polygon") this.#corner(at);
    else if (handle) this.#drag = this.#onRegion(start, "resize", this.selected, handle);
    else this.#drag = this.#pressed(start, at);
    if (handle) event.target.focus();
  }

  /** The selected region is moved where it lies under the pointer, whatever lies on it; another is chosen first. */
  #pressed(start, at) {
    const selected = regionOf(this.draft, this.selected);
    const under = selected && regionAt({ regions: [selected] }, at) ? selected : regionAt(this.draft, at);
    if (!under) return { ...start, does: "pan", click: () => this.told.select(null) };
    const smaller = regionAt(this.draft, at);
    const click = () => this.told.select(smaller.key);
    if (under.key !== this.selected) return { ...start, does: "pan", click };
    return { ...this.#onRegion(start, "move", under.key, null), click };
  }

  #onRegion(start, does, key, handle) {
    const { box } = regionOf(this.draft, key);
    return { ...start, does, key, handle, box, was: box };
  }

  #corner(at) {
    const first = this.#points[0];
    const { view } = this.viewer;
    if (first && this.#points.length > 2 && Math.hypot(first.x - at.x, first.y - at.y) * view.scale < NEAR) this.end(true);
    else this.#points.push(at);
    this.render();
  }

  #move(event, at) {
    this.hover = at;
    const drag = this.#drag;
    if (!drag) {
      if (this.#points.length > 0) this.render();
      return;
    }
    const [dx, dy] = [at.x - drag.from.x, at.y - drag.from.y];
    const image = this.viewer.image;
    if (drag.does === "pan") {
      this.viewer.pan(event.clientX - drag.at.x, event.clientY - drag.at.y);
      drag.far = drag.far || Math.hypot(event.clientX - drag.at.x, event.clientY - drag.at.y) > 2;
      drag.at = { x: event.clientX, y: event.clientY };
      return;
    }
    if (drag.does === "box") drag.box = boxBetween(drag.from, at, image);
    else if (drag.does === "move") drag.box = moved(drag.was, dx, dy, image);
    else drag.box = resized(drag.was, drag.handle, dx, dy, image);
    this.render();
  }

  #up(event) {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return;
    const still = !drag.far && Math.hypot(event.clientX - drag.at.x, event.clientY - drag.at.y) < 3;
    if (drag.does === "box") this.#drawn(drag.box, null);
    else if (drag.click && still) drag.click();
    else if (drag.key) this.told.place(drag.key, drag.box);
    this.render();
  }

  #drawn(box, points) {
    const { scale } = this.viewer.view;
    const enough = box && Math.max(box.x1 - box.x0, box.y1 - box.y0) * scale >= 4;
    if (enough) this.told.draw(box, points);
  }
}

function path(points, view, closed) {
  if (points.length === 0) return "";
  const corners = points.map((point) => toStage(view, point)).map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `M${corners.join("L")}${closed ? "Z" : ""}`;
}
