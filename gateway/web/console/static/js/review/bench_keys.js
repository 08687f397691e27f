// The workbench's keys: what each does, for the list of keys, and which of them are held.

const TAP = 250; // milliseconds; a shorter press of B stays

/** The table that keys.js binds; `bench` does it all. */
export function keysOf(bench) {
  let pressed = 0;
  return {
    down: { run: () => bench.step(1), repeat: true, says: "next region" },
    up: { run: () => bench.step(-1), repeat: true, says: "previous region" },
    y: { run: () => bench.answer("hide"), says: "hide" },
    n: { run: () => bench.answer("show"), says: "do not hide; again: another reason" },
    u: { run: () => bench.answer("unsure"), says: "not sure" },
    enter: { run: () => bench.release(), says: "hide all open, release, next" },
    l: { run: () => bench.later(), says: "later" },
    q: { run: () => bench.askQuarantine(), says: "quarantine (asks)" },
    j: { run: () => bench.go(1), says: "next image" },
    k: { run: () => bench.go(-1), says: "previous image" },
    ".": { run: () => bench.turn(1), says: "next frame or page" },
    ",": { run: () => bench.turn(-1), says: "previous frame or page" },
    v: { run: () => bench.use("select"), says: "select" },
    r: { run: () => bench.use("box"), says: "draw a box" },
    p: { run: () => bench.use("polygon"), says: "draw a polygon" },
    del: { run: () => bench.remove(), says: "delete own region" },
    z: { run: () => bench.undo(), repeat: true, says: "undo, also a release for 8 s" },
    "shift+z": { run: () => bench.redo(), repeat: true, says: "redo" },
    b: {
      run: () => { pressed = performance.now(); bench.blink(!bench.blinking); },
      release: () => { if (performance.now() - pressed > TAP) bench.blink(false); },
      says: "sanitized copy while held; tapped: stays",
    },
    o: { run: () => bench.toggleOutlines(), says: "outlines" },
    w: { run: () => bench.toggleFacts(), says: "why is this here" },
    "+": { run: () => bench.viewer.zoom(1), repeat: true, says: "zoom in" },
    "=": { run: () => bench.viewer.zoom(1), repeat: true },
    "-": { run: () => bench.viewer.zoom(-1), repeat: true, says: "zoom out" },
    0: { run: () => bench.viewer.fit(), says: "fit" },
    1: { run: () => bench.single(), says: "single pixels; again: eight times" },
    space: { run: () => bench.hold(true), release: () => bench.hold(false), says: "move the image while held" },
    esc: { run: () => bench.escape() },
  };
}
