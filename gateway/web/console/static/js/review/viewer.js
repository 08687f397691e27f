// The stage: an image on a canvas that can be moved and zoomed down to single pixels. Draws only when something
// changed, once a frame.
import { centred, fit, kept, middle, panned, showing, toImage, zoomed } from "./geometry.js";

const STEP = 1.5; // of one key press
const WHEEL = 0.0018; // of the logarithm of the scale, for each pixel that the wheel says

export class Viewer {
  #canvas;
  #context;
  #stage = { width: 1, height: 1 };
  #paint = null;
  #due = false;
  #ground = "#000";
  #pointers = new Map();

  /** host: the element that the canvas fills. viewed: called after each frame, with the view. */
  constructor(host, canvas, viewed) {
    this.host = host;
    this.image = null;
    this.view = { scale: 1, x: 0, y: 0 };
    this.viewed = viewed;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    new ResizeObserver(() => this.#resize()).observe(host);
    host.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  get stage() {
    return this.#stage;
  }

  /** Shows an image of this size. paint: draws what a view shows, given (context, view, stage, ratio). */
  show(image, paint) {
    this.image = image;
    this.#paint = paint;
    this.#ground = getComputedStyle(this.host).backgroundColor; // once: asking for it with each frame costs a layout
    this.fit();
  }

  /** Draws the same image otherwise. */
  paint(paint) {
    this.#paint = paint;
    this.redraw();
  }

  clear() {
    this.image = this.#paint = null;
    this.redraw();
  }

  fit() {
    if (this.image) this.look(fit(this.image, this.#stage));
  }

  /** One pixel of the image is one of the screen; pressed again, eight. */
  single(at = null) {
    if (!this.image) return;
    const one = 1 / devicePixelRatio;
    const scale = Math.abs(this.view.scale - one) < 1e-6 ? 8 * one : one;
    this.look(kept(centred(at ?? this.centre(), scale, this.#stage), this.image, this.#stage));
  }

  zoom(steps, at = { x: this.#stage.width / 2, y: this.#stage.height / 2 }) {
    if (this.image) this.look(zoomed(this.view, STEP ** steps, at, this.image, this.#stage));
  }

  pan(dx, dy) {
    if (this.image) this.look(panned(this.view, dx, dy, this.image, this.#stage));
  }

  /** Brings a box into sight, if it is not. */
  bring(box) {
    if (this.image) this.look(showing(this.view, box, this.image, this.#stage));
  }

  centre() {
    return toImage(this.view, { x: this.#stage.width / 2, y: this.#stage.height / 2 });
  }

  look(view) {
    this.view = view;
    this.redraw();
  }

  /** The image point under a pointer. */
  at(event) {
    return toImage(this.view, this.#within(event));
  }

  redraw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => this.#frame());
  }

  /** Two fingers move and zoom. Returns true while they do. */
  touch(event) {
    if (event.pointerType !== "touch") return false;
    const before = [...this.#pointers.values()];
    if (event.type === "pointerup" || event.type === "pointercancel") this.#pointers.delete(event.pointerId);
    else this.#pointers.set(event.pointerId, this.#within(event));
    const now = [...this.#pointers.values()];
    if (before.length === 2 && now.length === 2 && this.image) this.#pinch(before, now);
    return before.length > 1 || now.length > 1;
  }

  #pinch(before, now) {
    const [was, is] = [before, now].map(([a, b]) => ({ at: middle({ x0: a.x, y0: a.y, x1: b.x, y1: b.y }), apart: Math.hypot(a.x - b.x, a.y - b.y) }));
    const moved = panned(this.view, is.at.x - was.at.x, is.at.y - was.at.y, this.image, this.#stage);
    this.look(zoomed(moved, is.apart / Math.max(was.apart, 1), is.at, this.image, this.#stage));
  }

  #wheel(event) {
    event.preventDefault();
    if (!this.image) return;
    const lines = event.deltaMode === 1 ? 16 : 1;
    const delta = Math.max(Math.min(event.deltaY * lines, 240), -240) * (event.ctrlKey ? 4 : 1);
    this.look(zoomed(this.view, Math.exp(-delta * WHEEL), this.#within(event), this.image, this.#stage));
  }

  #within(event) {
    const place = this.host.getBoundingClientRect();
    return { x: event.clientX - place.left, y: event.clientY - place.top };
  }

  #resize() {
    const centre = this.centre();
    const whole = this.image && Math.abs(this.view.scale - fit(this.image, this.#stage).scale) < 1e-6;
    this.#stage = { width: Math.max(this.host.clientWidth, 1), height: Math.max(this.host.clientHeight, 1) };
    this.#canvas.width = Math.round(this.#stage.width * devicePixelRatio);
    this.#canvas.height = Math.round(this.#stage.height * devicePixelRatio);
    if (whole) this.fit();
    else if (this.image) this.look(kept(centred(centre, this.view.scale, this.#stage), this.image, this.#stage));
    this.redraw();
  }

  #frame() {
    this.#due = false;
    const { width, height } = this.#canvas;
    this.#context.fillStyle = this.#ground;
    this.#context.fillRect(0, 0, width, height);
    this.#paint?.(this.#context, this.view, this.#stage, width / this.#stage.width);
    this.viewed(this.view);
  }
}
