// What was done and can be undone: states one after another. Pure; a state is never changed, only followed.

/** The longest way back. A state is some hundred small values at most. */
export const LONGEST = 500;

export function begin(state) {
  return { past: [], now: state, future: [] };
}

/** The state after another act; what had been undone cannot be done again. */
export function act(history, state) {
  if (state === history.now) return history;
  return { past: [...history.past, history.now].slice(-LONGEST), now: state, future: [] };
}

export function undo(history) {
  if (history.past.length === 0) return history;
  return { past: history.past.slice(0, -1), now: history.past.at(-1), future: [history.now, ...history.future] };
}

export function redo(history) {
  if (history.future.length === 0) return history;
  return { past: [...history.past, history.now], now: history.future[0], future: history.future.slice(1) };
}

export const canUndo = (history) => history.past.length > 0;
export const canRedo = (history) => history.future.length > 0;
