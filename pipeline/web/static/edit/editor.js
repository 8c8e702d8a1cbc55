/** The page's state: the document, what of it is selected, and how both change and are shown. */

import { boxesOf, faults, find, FORM, opened, place, places } from "./document.js";
import { History } from "./history.js";
import { Lines } from "./lines.js";
import { learn } from "./register.js";

export const $ = (id) => document.getElementById(id);

const texts = JSON.parse($("texts").textContent);

/** A sentence of the page, with its facts filled in. */
export const words = (key, facts = {}) => (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

export class Editor {
  language = document.documentElement.lang;
  words = words;
  page = 0;
  field = null;
  box = null;
  tool = "pick";
  cells = 16;
  scale = 4;
  faulty = new Map();
  history;
  refused = { doc: "", list: [] };
  #lines = new Map();
  #telling = false;
  #shown = "[]";

  /** @param told the draft as the server tells it */
  constructor(told) {
    this.draft = told;
    this.pages = told.pages;
    this.kinds = Object.fromEntries(told.types.map((type) => [type.type, type]));
    learn(told.register);
    this.kinds.table = { type: "table", label: words("table"), kind: "table" };
    this.doc = opened(told.definition);
    this.history = new History(this.doc);
    this.saved = this.history.now;
  }

  /** Connect what shows the state: `sheet`; `parts`, `details` and `title` among them (each with `draw`); `turn(page)`. */
  show({ sheet, parts, details, title, turn }) {
    Object.assign(this, { sheet, parts, details, title, turn });
  }

  get item() {
    return this.field ? find(this.doc, this.field)?.item : undefined;
  }

  get kind() {
    return this.item && this.kinds[this.item.type].kind;
  }

  get size() {
    return this.pages[this.page];
  }

  get dirty() {
    return this.history.now !== this.saved;
  }

  /** All boxes of the selected field. */
  get boxes() {
    return this.item ? boxesOf(this.item, this.kind) : [];
  }

  /** The boxes that are selected: one, or all of the field. */
  get chosen() {
    return this.box === null ? this.boxes : this.boxes.slice(this.box, this.box + 1);
  }

  /** How many cells the chosen boxes have side by side. */
  get abreast() {
    return this.kind === "comb" ? this.chosen.length : 1;
  }

  /** Put the chosen boxes back into their field. */
  replace(boxes) {
    place(this.item, this.kind, this.box === null ? boxes : this.boxes.with(this.box, boxes[0]));
  }

  select(id, box = null, { reveal = true, focus = false } = {}) {
    const here = id && find(this.doc, id);
    this.field = here ? id : null;
    this.box = here ? box : null;
    if (here && here.page !== this.page) this.turn(here.page);
    this.draw();
    if (here && reveal) this.sheet.reveal();
    if (here && focus) this.sheet.focus(id);
  }

  /** Change the document as one step; changes of one mark without a pause between are one step. */
  change(work, mark = null) {
    const result = work();
    this.history.note(this.doc, mark);
    this.draw();
    return result;
  }

  /** Change the selected field as a whole: no single box is selected any longer. */
  changeField(work, mark = null) {
    this.box = null;
    return this.change(() => work(this.item), mark);
  }

  draw() {
    this.faulty = faults(this.doc);
    this.sheet.draw(this);
    for (const part of this.parts) part.draw(this);
    if (this.#telling) this.warnOfFaults();
    const { dirty, history } = this;
    $("undo").disabled = !history.canUndo;
    $("redo").disabled = !history.canRedo;
    $("save").disabled = !dirty;
    $("changed").textContent = words(dirty ? "changed" : "unchanged");
    $("changed").classList.toggle("dirty", dirty);
    $("count").textContent = [...places(this.doc)].length;
    for (const key of ["duplicate", "remove", "snap", "earlier", "later"]) $(key).disabled = !this.field;
    $("tabulate").disabled = !this.item || this.kind === "table" || Boolean(find(this.doc, this.field).table);
  }

  /** Boxes on the printed lines beside them, once the picture is there; rows of a table stay as even as they are. */
  onLines(boxes) {
    const image = $("blank");
    if (this.kind === "table" && this.box === null) return boxes;
    if (!this.#lines.has(this.page)) {
      if (!image.complete || !image.naturalWidth) return boxes;
      this.#lines.set(this.page, new Lines(image, this.size));
    }
    return boxes.map((box) => this.#lines.get(this.page).snapped(box));
  }

  say(text) {
    $("said").textContent = text;
  }

  /** Tell the faults, for as long as there are any. */
  warnOfFaults() {
    this.#telling = true;
    const named = (id) => find(this.doc, id)?.item.name ?? words("title");
    this.#list([...this.faulty].map(([id, [{ at, word }]]) => ({ id, at, text: `${named(id)}: ${words(word)}` })));
  }

  /** What the server found wrong with a field, as long as nothing was changed since. */
  refusals(id) {
    return this.refused.doc === this.history.now ? this.refused.list.filter((one) => one.id === id) : [];
  }

  /** Tell what is wrong, until the next save; an entry with an `id` leads to its field, and there to where `at` leads. */
  warn(entries) {
    this.#telling = false;
    this.refused = { doc: this.history.now, list: entries };
    this.draw();
    this.#list(entries);
  }

  #list(entries) {
    const shown = JSON.stringify(entries);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const lines = entries.map(({ text, id, at }) => {
      const line = document.createElement("li");
      if (!id) line.textContent = text;
      else {
        const button = document.createElement("button");
        [button.type, button.textContent] = ["button", text];
        button.addEventListener("click", () => this.open(id, at));
        line.append(button);
      }
      return line;
    });
    $("warnings").replaceChildren(...lines);
    $("warned").hidden = !entries.length;
  }

  /** Select a field and go to its name, or to where a way from its root leads; to the title of the form for `FORM`. */
  open(id, at = []) {
    this.select(id);
    const input = (id === FORM ? this.title : this.details).input(at);
    input.focus();
    input.select?.();
  }
}
