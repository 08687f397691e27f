// What is on an annotator's desk: the objects with their history, what is selected, the tool and the class in hand.
import { act, begin, canRedo, canUndo, redo, undo } from "../review/history.js";
import { ABSENT, added, alike, areaOf, boxOf, changed, fromCoco, handlesOf, inPixel, moved, objectOf, onEdge, pulled, without } from "./objects.js";

export const TOOLS = ["select", "box", "polygon", "landmark"];

export class Desk {
  #changed;
  #history;

  /** changed: called after every act, with what is different: "objects", "view" or both. */
  constructor({ image, classes, annotations }, changed) {
    this.image = image;
    this.classes = classes;
    this.kind = classes[0]?.id ?? null;
    this.tool = "box";
    this.selected = null;
    this.chosen = false; // selected on purpose, not only because it was just drawn
    this.handle = null;
    this.draft = null;
    this.cross = null;
    this.tags = true;
    this.outlines = true;
    this.tried = null;
    this.copied = null;
    this.#history = begin(fromCoco(annotations));
    this.#changed = changed;
  }

  get objects() { return this.#history.now; }
  get object() { return objectOf(this.objects, this.selected); }
  get canUndo() { return canUndo(this.#history); }
  get canRedo() { return canRedo(this.#history); }
  classOf(id) { return this.classes.find((one) => one.id === id) ?? null; }
  get inHand() { return this.classOf(this.kind); }

  #told(what) { this.#changed(what); }

  do(objects) {
    if (objects === this.objects) return;
    this.#history = act(this.#history, objects);
    if (this.selected !== null && !this.object) this.selected = this.handle = null;
    this.#told("objects");
  }

  undo() {
    if (this.draft) return this.#back();
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
    this.#told("objects");
  }

  select(id, chosen = true) {
    [this.selected, this.chosen, this.handle, this.draft] = [id, chosen && id !== null, null, null];
    this.#told("view");
  }

  /** The object `step` further in the list; null behind the last and before the first. */
  neighbour(step) {
    const at = this.objects.findIndex((one) => one.id === this.selected);
    if (at < 0) return (step > 0 ? this.objects[0] : this.objects.at(-1)) ?? null;
    return this.objects[at + step] ?? null;
  }

  remove() {
    if (this.draft) return this.#back();
    if (this.selected !== null) this.do(without(this.objects, this.selected));
  }

  // --- tool and class

  take(tool) {
    if (tool === "landmark" && !this.inHand?.landmarks.length) {
      const other = this.classes.find((one) => one.landmarks.length > 0);
      if (!other) return "No class of this dataset names landmarks.";
      this.kind = other.id;
    }
    [this.tool, this.draft, this.cross] = [tool, null, null];
    this.#told("view");
    return null;
  }

  /** The class of what is drawn next; of an object that was selected on purpose, its own. Says what it cannot. */
  name(kind) {
    const wanted = this.classOf(kind);
    const object = this.chosen ? this.object : null;
    if (object?.points.length && object.points.length !== wanted.landmarks.length) {
      return `${wanted.name} does not have the landmarks that are placed here.`;
    }
    this.kind = kind;
    this.draft = null;
    if (this.tool === "landmark" && wanted.landmarks.length === 0) this.tool = "box";
    if (object) this.do(changed(this.objects, object.id, { kind }));
    this.#told("view");
    return null;
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

  toggleTags() {
    this.tags = !this.tags;
    this.#told("view");
  }

  toggleOutlines() {
    this.outlines = !this.outlines;
    this.#told("view");
  }

  // --- moving

  /** Moves the handle in hand, the selected object, or else the crosshair, by whole pixels. */
  nudge(dx, dy, centre) {
    const object = this.draft ? null : this.object;
    if (object && this.handle) this.pull(this.handle, { x: this.handle.x + dx, y: this.handle.y + dy });
    else if (object) this.do(changed(this.objects, object.id, moved(object, dx, dy, this.image)));
    else this.#point(dx, dy, centre);
  }

  /** The objects as they would be if the pointer let go now: { handle, to } or { object, dx, dy }; null for none. */
  trial(asked) {
    const { object } = this;
    if (asked === null) this.tried = null;
    else if (asked.handle && object) this.tried = changed(this.objects, object.id, pulled(object, asked.handle, asked.to, this.image));
    else if (asked.object) this.tried = changed(this.objects, asked.object.id, moved(asked.object, Math.round(asked.dx), Math.round(asked.dy), this.image));
    this.#told("view");
  }

  /** The objects as they are to be shown. */
  get seen() { return this.tried ?? this.objects; }

  hold(handle) {
    this.handle = handle;
    this.chosen = true;
    this.#told("view");
  }

  shift(object, dx, dy) {
    this.do(changed(this.objects, object.id, moved(object, Math.round(dx), Math.round(dy), this.image)));
  }

  pull(handle, to) {
    const object = this.object;
    // A landmark's own middle is half a pixel in; moved by one it is in the next pixel.
    this.do(changed(this.objects, object.id, pulled(object, handle, to, this.image)));
    this.handle = handlesOf(this.object).find((one) => alike(one, handle)) ?? null;
    this.#told("view");
  }

  /** The next handle of the selected object, round and round. */
  nextHandle() {
    if (!this.object) return;
    const handles = handlesOf(this.object);
    const at = this.handle ? handles.findIndex((one) => alike(one, this.handle)) : -1;
    this.handle = handles[(at + 1) % handles.length];
    this.#told("view");
  }

  /** A landmark that is held: shown, or covered by something. */
  cover() {
    const { object, handle } = this;
    if (!object || handle?.what !== "point") return "Take a landmark first: E.";
    const points = object.points.map((one, at) => (at === handle.index ? { ...one, v: one.v === 2 ? 1 : 2 } : one));
    this.do(changed(this.objects, object.id, { points }));
    return null;
  }

  // --- drawing

  #point(dx, dy, centre) {
    const from = this.cross ?? onEdge(centre, this.image);
    const to = onEdge({ x: from.x + dx, y: from.y + dy }, this.image);
    this.cross = to;
    this.hover(to);
    this.#told("view");
  }

  /** What is being drawn, as it would be with the pointer here. */
  hover(point) {
    const { draft } = this;
    if (draft?.from) draft.box = boxOf(draft.from, onEdge(point, this.image));
    else if (draft?.ring) draft.to = onEdge(point, this.image);
    else return;
    this.#told("view");
  }

  /** A point with the tool in hand. covered: of a landmark. Says what cannot be. */
  set(point, covered = false) {
    if (this.kind === null) return "This dataset has no classes yet.";
    if (this.tool === "box") this.#corner(point);
    else if (this.tool === "polygon") this.#vertex(point);
    else if (this.tool === "landmark") this.#landmark({ ...inPixel(point, this.image), v: covered ? 1 : 2 });
    this.#told("view");
    return null;
  }

  /** A landmark that is not to be seen. */
  absent() {
    if (this.tool === "landmark") this.#landmark({ x: 0, y: 0, v: ABSENT });
    this.#told("view");
  }

  /** Ends what is being drawn with what is there. Whether there was anything. */
  finish() {
    const { draft } = this;
    if (draft?.ring) this.#close();
    else if (draft?.points) this.#finishPoints();
    else if (draft?.from && this.cross) this.#corner(this.cross);
    else return false;
    return true;
  }

  cancel() {
    if (this.draft || this.cross) [this.draft, this.cross] = [null, null];
    else if (this.handle) this.handle = null;
    else [this.selected, this.chosen] = [null, false];
    this.#told("view");
  }

  #corner(point) {
    const at = onEdge(point, this.image);
    if (!this.draft?.from) {
      this.selected = null;
      this.draft = { from: at, box: null };
      return;
    }
    const box = boxOf(this.draft.from, at);
    this.draft = null;
    if (box) this.#drew({ box });
  }

  #vertex(point) {
    const at = onEdge(point, this.image);
    if (!this.draft) {
      this.selected = null;
      this.draft = { ring: [at], to: at };
      return;
    }
    const last = this.draft.ring.at(-1);
    if (last.x !== at.x || last.y !== at.y) this.draft.ring = [...this.draft.ring, at];
  }

  #close() {
    const { ring } = this.draft;
    this.draft = null;
    if (ring.length >= 3 && areaOf(ring) > 0) this.#drew({ rings: [ring] });
    else this.#told("view");
  }

  #landmark(point) {
    const names = this.inHand?.landmarks ?? [];
    if (names.length === 0) return;
    this.selected = null;
    const points = [...(this.draft?.points ?? []), point];
    this.draft = { points };
    if (points.length === names.length) this.#finishPoints();
  }

  #finishPoints() {
    const names = this.inHand.landmarks;
    const points = names.map((_, at) => this.draft.points[at] ?? { x: 0, y: 0, v: ABSENT });
    this.draft = null;
    if (points.some((one) => one.v !== ABSENT)) this.#drew({ points });
    else this.#told("view");
  }

  #drew(shape) {
    const objects = added(this.objects, this.kind, shape);
    this.cross = null;
    this.do(objects);
    this.select(objects.at(-1).id, false);
  }

  /** One step of what is being drawn. */
  #back() {
    const { draft } = this;
    if (draft.ring?.length > 1) draft.ring = draft.ring.slice(0, -1);
    else if (draft.points?.length > 1) draft.points = draft.points.slice(0, -1);
    else this.draft = null;
    this.#told("view");
  }
}
