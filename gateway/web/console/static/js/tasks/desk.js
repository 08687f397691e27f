// What is on an annotator's desk: beside the objects in hand, the tool and the class, and what is being drawn.
import { InHand } from "./in_hand.js";
import { ABSENT, added, areaOf, boxOf, changed, inPixel, onEdge } from "./objects.js";

export const TOOLS = ["select", "box", "polygon", "landmark"];

export class Desk extends InHand {
  constructor(work, changed) {
    super(work, changed);
    this.kind = work.classes[0]?.id ?? null;
    this.tool = "box";
    this.draft = null;
    this.cross = null;
    this.tags = true;
    this.outlines = true;
  }

  get inHand() { return this.classOf(this.kind); }

  undo() {
    if (this.draft) this.#back();
    else super.undo();
  }

  remove() {
    if (this.draft) this.#back();
    else super.remove();
  }

  select(id, chosen = true) {
    this.draft = null;
    super.select(id, chosen);
  }

  turn(frame) {
    [this.draft, this.cross] = [null, null];
    super.turn(frame);
  }

  // --- tool and class

  take(tool) {
    if (tool === "landmark" && !this.inHand?.landmarks.length) {
      const other = this.classes.find((one) => one.landmarks.length > 0);
      if (!other) return "No class of this dataset names landmarks.";
      this.kind = other.id;
    }
    [this.tool, this.draft, this.cross] = [tool, null, null];
    this.told("view");
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
    this.told("view");
    return null;
  }

  toggleTags() {
    this.tags = !this.tags;
    this.told("view");
  }

  toggleOutlines() {
    this.outlines = !this.outlines;
    this.told("view");
  }

  // --- drawing

  /** Moves what is in hand; where that is nothing, or something is being drawn, the crosshair. */
  nudge(dx, dy, centre) {
    if (!this.draft && this.object) super.nudge(dx, dy);
    else this.#point(dx, dy, centre);
  }

  #point(dx, dy, centre) {
    const from = this.cross ?? onEdge(centre, this.image);
    const to = onEdge({ x: from.x + dx, y: from.y + dy }, this.image);
    this.cross = to;
    this.hover(to);
    this.told("view");
  }

  /** What is being drawn, as it would be with the pointer here. */
  hover(point) {
    const { draft } = this;
    if (draft?.from) draft.box = boxOf(draft.from, onEdge(point, this.image));
    else if (draft?.ring) draft.to = onEdge(point, this.image);
    else return;
    this.told("view");
  }

  /** A point with the tool in hand. covered: of a landmark. Says what cannot be. */
  set(point, covered = false) {
    if (this.kind === null) return "This dataset has no classes yet.";
    if (this.tool === "box") this.#corner(point);
    else if (this.tool === "polygon") this.#vertex(point);
    else if (this.tool === "landmark") this.#landmark({ ...inPixel(point, this.image), v: covered ? 1 : 2 });
    this.told("view");
    return null;
  }

  /** A landmark that is not to be seen. */
  absent() {
    if (this.tool === "landmark") this.#landmark({ x: 0, y: 0, v: ABSENT });
    this.told("view");
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
    this.told("view");
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
    else this.told("view");
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
    else this.told("view");
  }

  #drew(shape) {
    const objects = added(this.objects, this.next, this.kind, this.frame, shape);
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
    this.told("view");
  }
}
