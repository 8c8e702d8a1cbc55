/** The keys: which command each of them calls, and when it counts. */

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.2;
const FINE = 0.05;

/** Keys that count everywhere, with Ctrl (or the Apple key). */
const WITH_CTRL = { s: "save", z: "undo", y: "redo", d: "duplicate" };

/** Keys that count outside of inputs. */
const PLAIN = {
  Delete: "remove",
  Backspace: "remove",
  Enter: "name",
  Escape: "out",
  "?": "help",
  ",": "boxBefore",
  ".": "boxAfter",
  b: "createHere",
  g: "snap",
  n: "next",
  p: "previous",
  t: "tabulate",
  1: "toolPick",
  2: "toolMarks",
  3: "toolComb",
  4: "toolArea",
  "+": "zoomIn",
  "=": "zoomIn",
  "-": "zoomOut",
  0: "zoomFit",
  PageDown: "pageAfter",
  PageUp: "pageBefore",
};

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), select, textarea");
const pressing = (target) => target.closest("button, summary, a[href]");

/** Listen to the keys of the page while `open()` is false; `commands` has a function for each name. */
export function listen(commands, open) {
  document.addEventListener("keydown", (event) => {
    if (open()) return;
    const called = command(event, commands);
    if (called) {
      event.preventDefault();
      called();
    }
  });
}

function command(event, commands) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey) {
    if (event.altKey) return null;
    const name = WITH_CTRL[key.toLowerCase()];
    return commands[name === "undo" && event.shiftKey ? "redo" : name];
  }
  if (typing(target)) return key === "Escape" ? commands.back : null;
  if (key in ARROWS) {
    if (target.closest("[role=listbox], [role=radiogroup], input")) return null;
    const step = event.altKey ? FINE : STEP;
    const [right, down] = ARROWS[key].map((way) => way * step);
    return () => commands[event.shiftKey ? "resize" : "move"](right, down);
  }
  if (event.altKey || (key === "Enter" && (pressing(target) || target.closest("[role=listbox]")))) return null;
  return commands[PLAIN[key.length === 1 ? key.toLowerCase() : key]];
}
