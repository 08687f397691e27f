// What an annotator has in hand: the objects of the frame that is shown with their history, which one is selected, and
// what is done to it. Each frame has a history of its own: nothing is undone that is not seen.
import { act, begin, canRedo, canUndo, redo, undo } from "../review/history.js";
import { alike, changed, following, fromCoco, handlesOf, moved, objectOf, pulled, without } from "./objects.js";

export class InHand {
  #changed;
  #histories;
  #highest; // number that an object of each frame ever had

  /** changed: called after every act, with what is different: "objects", "view" or both. */
  constructor({ image, frames = 1, classes, annotations }, changed) {
    this.image = image;
    this.classes = classes;
    this.frame = 0;
    this.selected = null;
    this.chosen = false; // selected on purpose, not only because it was just drawn
    this.handle = null;
    this.tried = null;
    this.copied = null;
    const drawn = fromCoco(annotations);
    this.#histories = Array.from({ length: frames }, (_, frame) => begin(drawn.filter((one) => one.frame === frame)));
    this.#highest = this.#histories.map((history) => following(history.now) - 1);
    this.#changed = changed;
  }

  get #history() { return this.#histories[this.frame]; }
  set #history(history) { this.#histories[this.frame] = history; }

  get frames() { return this.#histories.length; }
  get objects() { return this.#history.now; }
  /** Those of every frame. */
  get all() { return this.#histories.flatMap((history) => history.now); }

  /** The number of the next object: none that another frame has, or could have again by undoing. */
  get next() {
    const others = this.#highest.filter((_, frame) => frame !== this.frame);
    return Math.max(following(this.objects), ...others.map((number) => number + 1));
  }

  /** Lays another frame on the desk. */
  turn(frame) {
    [this.frame, this.selected, this.chosen, this.handle, this.tried] = [frame, null, false, null, null];
    this.told("view");
  }
  get object() { return objectOf(this.objects, this.selected); }
  get canUndo() { return canUndo(this.#history); }
  get canRedo() { return canRedo(this.#history); }
  classOf(id) { return this.classes.find((one) => one.id === id) ?? null; }

  told(what) { this.#changed(what); }

  do(objects) {
    if (objects === this.objects) return;
    this.#history = act(this.#history, objects);
    this.#highest[this.frame] = Math.max(this.#highest[this.frame], following(objects) - 1);
    if (this.selected !== null && !this.object) this.selected = this.handle = null;
    this.told("objects");
  }

  undo() {
    this.#history = undo(this.#history);
    this.#settle();
  }

  redo() {
    this.#history = redo(this.#history);
    this.#settle();
  }

  #settle() {
    if (!this.object) this.selected = null;
    this.handle = null;
    this.told("objects");
  }

  select(id, chosen = true) {
    [this.selected, this.chosen, this.handle] = [id, chosen && id !== null, null];
    this.told("view");
  }

  /** The object `step` further in the list; null behind the last and before the first. */
  neighbour(step) {
    const at = this.objects.findIndex((one) => one.id === this.selected);
    if (at < 0) return (step > 0 ? this.objects[0] : this.objects.at(-1)) ?? null;
    return this.objects[at + step] ?? null;
  }

  remove() {
    if (this.selected !== null) this.do(without(this.objects, this.selected));
  }

  trait(name, value) {
    const object = this.object;
    if (object) this.do(changed(this.objects, object.id, { [name]: value ?? !object[name] }));
  }

  /** Remembers class and attributes of the selected object. */
  copy() {
    const object = this.object;
    if (!object) return "Select the object to copy from.";
    this.copied = { kind: object.kind, truncated: object.truncated, occluded: object.occluded };
    return `Copied: ${this.classOf(object.kind).name}${object.truncated ? ", cut off" : ""}${object.occluded ? ", partly covered" : ""}.`;
  }

  /** Gives the selected object what was copied; the class only where its landmarks allow it. */
  apply() {
    const object = this.object;
    if (!object || !this.copied) return "Copy the attributes of an object first, then select another.";
    const fits = !object.points.length || object.points.length === this.classOf(this.copied.kind).landmarks.length;
    const { kind, ...traits } = this.copied;
    this.do(changed(this.objects, object.id, fits ? { kind, ...traits } : traits));
    return null;
  }

  // --- moving

  /** Moves the handle in hand, or else the selected object, by whole pixels. */
  nudge(dx, dy) {
    const { object } = this;
    if (object && this.handle) this.pull(this.handle, { x: this.handle.x + dx, y: this.handle.y + dy });
    else if (object) this.do(changed(this.objects, object.id, moved(object, dx, dy, this.image)));
  }

  /** The objects as they would be if the pointer let go now: { handle, to } or { object, dx, dy }; null for none. */
  trial(asked) {
    const { object } = this;
    if (asked === null) this.tried = null;
    else if (asked.handle && object) this.tried = changed(this.objects, object.id, pulled(object, asked.handle, asked.to, this.image));
    else if (asked.object) this.tried = changed(this.objects, asked.object.id, moved(asked.object, Math.round(asked.dx), Math.round(asked.dy), this.image));
    this.told("view");
  }

  /** The objects as they are to be shown. */
  get seen() { return this.tried ?? this.objects; }

  hold(handle) {
    this.handle = handle;
    this.chosen = true;
    this.told("view");
  }

  shift(object, dx, dy) {
    this.do(changed(this.objects, object.id, moved(object, Math.round(dx), Math.round(dy), this.image)));
  }

  pull(handle, to) {
    const object = this.object;
    // A landmark's own middle is half a pixel in; moved by one it is in the next pixel.
    this.do(changed(this.objects, object.id, pulled(object, handle, to, this.image)));
    this.handle = handlesOf(this.object).find((one) => alike(one, handle)) ?? null;
    this.told("view");
  }

  /** The next handle of the selected object, round and round. */
  nextHandle() {
    if (!this.object) return;
    const handles = handlesOf(this.object);
    const at = this.handle ? handles.findIndex((one) => alike(one, this.handle)) : -1;
    this.handle = handles[(at + 1) % handles.length];
    this.told("view");
  }

  /** A landmark that is held: shown, or covered by something. */
  cover() {
    const { object, handle } = this;
    if (!object || handle?.what !== "point") return "Take a landmark first: E.";
    const points = object.points.map((one, at) => (at === handle.index ? { ...one, v: one.v === 2 ? 1 : 2 } : one));
    this.do(changed(this.objects, object.id, { points }));
    return null;
  }
}
