/** The blank with its boxes: draws them, and turns what the pointer does into changes. */

import { boxesOf, extent, fieldsOf, held, moved, places, repeated, split, stretched } from "./document.js";

const SVG = "http://www.w3.org/2000/svg";
const START = 4;
const GRIP = 9;
const CROWDED = 4;
const LEAST_DRAWN = 1.5;
const GRIPS = [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1], [0.5, 1], [0, 1], [0, 0.5]];
const CURSORS = ["nwse", "ns", "nesw", "ew", "nwse", "ns", "nesw", "ew"];

const made = (name, attributes = {}, parent = null) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
};

export class Sheet {
  #svg;
  #view;
  #on;
  #state;
  #groups = new Map();
  #grips;
  #ghost;
  #drag = null;

  /**
   * @param svg the drawing over the blank; @param view what scrolls around it
   * @param on select(id, box), preview(boxes), done(free), cancel(), draw(box)
   */
  constructor(svg, view, on) {
    [this.#svg, this.#view, this.#on] = [svg, view, on];
    this.#ghost = made("g", { class: "ghost" }, svg);
    this.#grips = made("g", { class: "grips" }, svg);
    svg.addEventListener("pointerdown", (event) => this.#down(event));
    svg.addEventListener("pointermove", (event) => this.#move(event));
    svg.addEventListener("pointerup", (event) => this.#up(event));
    svg.addEventListener("pointercancel", () => this.cancel());
    svg.addEventListener("focusin", ({ target }) => {
      const id = target.closest("[data-field]")?.dataset.field;
      if (id && !this.#drag) on.select(id, id === this.#state.field ? this.#state.box : null);
    });
  }

  get dragging() {
    return this.#drag !== null && this.#drag.begun;
  }

  /** Show the state; groups stay the same nodes, so that the focus stays where it is. */
  draw(state) {
    this.#state = state;
    const { doc, page, kinds, scale, faulty, words } = state;
    const size = state.pages[page];
    this.#svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    this.#svg.setAttribute("font-size", 12 / scale);
    this.#svg.classList.toggle("drawing", state.tool !== "pick");
    const here = [...places(doc)].filter((place) => place.page === page);
    const shown = new Set(here.map(({ item }) => item._id));
    for (const [id, group] of this.#groups) if (!shown.has(id)) this.#drop(id, group);
    let before = this.#ghost;
    for (const { item, table } of here.reverse()) {
      const group = this.#groups.get(item._id) ?? this.#group(item._id);
      if (group.nextSibling !== before) this.#svg.insertBefore(group, before);
      before = group;
      this.#fill(group, item, table, kinds[item.type].kind, faulty.has(item._id), words);
    }
    this.#placeGrips();
  }

  /** Move the focus to a field's boxes. */
  focus(id) {
    this.#groups.get(id)?.focus({ preventScroll: true });
  }

  /** Scroll so that the selection is seen. */
  reveal() {
    const boxes = this.#chosen();
    if (!boxes?.length) return;
    const { scale } = this.#state;
    const paper = this.#svg.getBoundingClientRect();
    const view = this.#view.getBoundingClientRect();
    const [x, y, w, h] = extent(boxes).map((mm) => mm * scale);
    const [left, top] = [paper.left - view.left + x, paper.top - view.top + y];
    const edge = 30;
    if (top < edge || top + h > view.height - edge) this.#view.scrollTop += top - Math.max(edge, (view.height - h) / 3);
    if (left < 0 || left + w > view.width) this.#view.scrollLeft += left - Math.max(edge, (view.width - w) / 2);
  }

  /** Give up what the pointer is doing. */
  cancel() {
    if (!this.#drag) return;
    const { kind, begun } = this.#drag;
    this.#drag = null;
    this.#ghost.replaceChildren();
    if (begun && (kind === "move" || kind === "size")) this.#on.cancel();
  }

  #group(id) {
    const group = made("g", { class: "field", "data-field": id, tabindex: "0", role: "button" });
    this.#groups.set(id, group);
    return group;
  }

  #drop(id, group) {
    group.remove();
    this.#groups.delete(id);
  }

  #fill(group, item, table, kind, faulty, words) {
    const { field, box } = this.#state;
    const boxes = boxesOf(item, kind);
    const drawn = table ? [...boxes, ...repeated(table, boxes)] : boxes;
    const on = item._id === field;
    group.setAttribute("class", `field ${kind}${on ? " on" : ""}${faulty ? " faulty" : ""}`);
    group.setAttribute("aria-pressed", on);
    group.setAttribute("aria-label", `${item.name}, ${item.label?.id ?? words("table")}, ${words(`count_${kind}`, { n: boxes.length })}`);
    while (group.childElementCount > drawn.length + 1) group.lastChild.remove();
    if (!group.childElementCount) made("text", { class: "tag" }, group);
    while (group.childElementCount < drawn.length + 1) made("rect", {}, group);
    const [tag, ...rects] = group.children;
    rects.forEach((rect, index) => {
      const [x, y, width, height] = drawn[index];
      for (const [key, value] of Object.entries({ x, y, width, height })) rect.setAttribute(key, value);
      rect.setAttribute("class", index >= boxes.length ? "again" : on && box === index ? "one" : "");
      rect.dataset.box = index % boxes.length;
    });
    if (boxes.length) {
      const [x, y] = extent(boxes);
      tag.setAttribute("x", x);
      tag.setAttribute("y", y - 5 / this.#state.scale);
    }
    tag.textContent = item.name;
  }

  /** All boxes of the selected field. */
  #boxes() {
    const { doc, page, field, kinds } = this.#state;
    const item = fieldsOf(doc, page).find(({ _id }) => _id === field);
    return item ? boxesOf(item, kinds[item.type].kind) : null;
  }

  /** The boxes that are selected: one of a field, or all. */
  #chosen() {
    const { box } = this.#state;
    const boxes = this.#boxes();
    return box === null ? boxes : boxes?.slice(box, box + 1);
  }

  #placeGrips() {
    const boxes = this.#chosen();
    this.#grips.toggleAttribute("hidden", !boxes?.length);
    if (!boxes?.length) return this.#grips.replaceChildren();
    const size = GRIP / this.#state.scale;
    const [x, y, w, h] = extent(boxes);
    const out = 3 / this.#state.scale;
    const outline = { x: x - out, y: y - out, width: w + 2 * out, height: h + 2 * out };
    if (this.#grips.childElementCount !== GRIPS.length + 1) {
      this.#grips.replaceChildren(made("rect", { class: "outline" }));
      GRIPS.forEach((_, index) => made("rect", { class: `grip ${CURSORS[index]}`, "data-grip": index }, this.#grips));
    }
    const [frame, ...grips] = this.#grips.children;
    for (const [key, value] of Object.entries(outline)) frame.setAttribute(key, value);
    grips.forEach((grip, index) => {
      const [right, down] = GRIPS[index];
      const room = Math.min(right === 0.5 ? outline.width : Infinity, down === 0.5 ? outline.height : Infinity);
      grip.toggleAttribute("hidden", room < CROWDED * size);
      const at = { x: outline.x + right * outline.width - size / 2, y: outline.y + down * outline.height - size / 2 };
      for (const [key, value] of Object.entries({ ...at, width: size, height: size })) grip.setAttribute(key, value);
    });
  }

  #mm(event) {
    const paper = this.#svg.getBoundingClientRect();
    return [(event.clientX - paper.left) / this.#state.scale, (event.clientY - paper.top) / this.#state.scale];
  }

  #down(event) {
    if (event.button !== 0 || this.#drag) return;
    const { tool, field, box } = this.#state;
    const start = this.#mm(event);
    const { grip } = event.target.dataset;
    const hit = event.target.closest("[data-field]");
    const begin = { start, client: [event.clientX, event.clientY], begun: false };
    if (grip !== undefined) this.#drag = { ...begin, kind: "size", grip: GRIPS[grip], from: this.#chosen() };
    else if (hit) {
      const [id, index] = [hit.dataset.field, Number(event.target.dataset.box ?? 0)];
      const again = id === field;
      this.#drag = { ...begin, kind: "move", id, index, again };
      if (!again || (box !== null && box !== index)) this.#on.select(id, null);
      hit.focus({ preventScroll: true });
      this.#drag.from = this.#chosen();
    } else if (tool !== "pick") this.#drag = { ...begin, kind: "draw" };
    else {
      this.#on.select(null, null);
      if (event.pointerType !== "mouse") return;
      this.#drag = { ...begin, kind: "pan", scroll: [this.#view.scrollLeft, this.#view.scrollTop] };
    }
    this.#svg.setPointerCapture(event.pointerId);
    if (!hit) document.activeElement?.blur();
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag) return;
    const [right, down] = [event.clientX - drag.client[0], event.clientY - drag.client[1]];
    if (!drag.begun && Math.hypot(right, down) < START) return;
    drag.begun = true;
    const [x, y] = this.#mm(event);
    const page = this.#state.pages[this.#state.page];
    const [dx, dy] = [x - drag.start[0], y - drag.start[1]];
    if (drag.kind === "pan") this.#view.scrollTo(drag.scroll[0] - right, drag.scroll[1] - down);
    else if (drag.kind === "draw") this.#outline(this.#drawn(x, y));
    else if (drag.kind === "move") this.#on.preview(moved(drag.from, dx, dy, page));
    else this.#on.preview(stretched(drag.from, resized(extent(drag.from), drag, dx, dy, page)));
  }

  #up(event) {
    const drag = this.#drag;
    if (!drag) return;
    this.#drag = null;
    this.#ghost.replaceChildren();
    if (drag.kind === "draw") {
      const box = drag.begun ? this.#drawn(...this.#mm(event), drag) : null;
      if (box && box[2] >= LEAST_DRAWN && box[3] >= LEAST_DRAWN) this.#on.draw(box, event.altKey);
    } else if (drag.begun && drag.kind !== "pan") this.#on.done(event.altKey);
    else if (drag.kind === "move" && drag.again) {
      const several = this.#boxes()?.length > 1;
      this.#on.select(drag.id, several && this.#state.box !== drag.index ? drag.index : null);
    }
  }

  #drawn(x, y, drag = this.#drag) {
    const page = this.#state.pages[this.#state.page];
    const [left, right] = [drag.start[0], Math.min(Math.max(x, 0), page.width)].sort((a, b) => a - b);
    const [top, bottom] = [drag.start[1], Math.min(Math.max(y, 0), page.height)].sort((a, b) => a - b);
    return [left, top, right - left, bottom - top];
  }

  #outline(box) {
    const { tool, cells } = this.#state;
    const parts = tool === "comb" ? split(box, cells) : [box];
    this.#ghost.replaceChildren(
      ...parts.map(([x, y, width, height]) =>
        made("rect", { x, y, width: Math.max(width, 0), height: Math.max(height, 0), class: tool }),
      ),
    );
  }
}

/** The box after its grip was pulled by dx, dy mm; the other side stays. */
function resized([x, y, w, h], { grip: [right, down], from }, dx, dy, page) {
  const [left, top] = [right === 0 ? dx : 0, down === 0 ? dy : 0];
  const wider = right === 1 ? dx : -left;
  const taller = down === 1 ? dy : -top;
  const n = Math.max(1, from.length);
  const width = Math.max(w + wider, n);
  const height = Math.max(h + taller, 1);
  return held([right === 0 ? x + w - width : x, down === 0 ? y + h - height : y, width, height], page, 1);
}
