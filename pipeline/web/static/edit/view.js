/** How the blank is looked at: which page, how large. */

import { $, words } from "./editor.js";

const STEP = 1.25;
const LEAST = 1;
const MOST = 24;
const MARGIN = 13;
const CSS_PX_PER_MM = 96 / 25.4;

export class View {
  #editor;
  #fitted = true;

  constructor(editor) {
    this.#editor = editor;
    $("pages").append(...editor.pages.map((_, page) => this.#tab(page)));
    new ResizeObserver(() => this.#fitted && this.#fit !== editor.scale && this.fit()).observe($("view"));
  }

  /** Show another page; a field of the former one is not selected any longer. */
  turn(page) {
    const editor = this.#editor;
    if (page < 0 || page >= editor.pages.length) return;
    const former = editor.page;
    editor.page = page;
    if (former !== page) $("view").scrollTop = 0;
    $("blank").src = editor.size.image;
    $("blank").alt = words("blank_alt", { n: page + 1 });
    for (const [n, tab] of [...$("pages").children].entries()) tab.setAttribute("aria-current", n === page ? "page" : "false");
    if (this.#fitted) editor.scale = this.#fit;
    this.#resize();
  }

  /** Turn to the page `by` pages on, and show it. */
  leaf(by) {
    const editor = this.#editor;
    [editor.field, editor.box] = [null, null];
    this.turn(editor.page + by);
    editor.draw();
  }

  /** Fit the page's width. */
  fit() {
    this.#fitted = true;
    this.#zoom(this.#fit);
  }

  larger() {
    this.#fitted = false;
    this.#zoom(this.#editor.scale * STEP);
  }

  smaller() {
    this.#fitted = false;
    this.#zoom(this.#editor.scale / STEP);
  }

  get #fit() {
    return Math.max(LEAST, ($("view").clientWidth - 2 * MARGIN) / this.#editor.size.width);
  }

  /** Zoom to a scale, px a mm, around the middle of what is seen. */
  #zoom(scale) {
    const [view, editor] = [$("view"), this.#editor];
    const [x, y] = [view.scrollLeft + view.clientWidth / 2, view.scrollTop + view.clientHeight / 2];
    const before = editor.scale;
    editor.scale = Math.min(Math.max(scale, LEAST), MOST);
    this.#resize();
    const ratio = editor.scale / before;
    view.scrollTo(x * ratio - view.clientWidth / 2, y * ratio - view.clientHeight / 2);
    editor.draw();
  }

  #resize() {
    const { size, scale } = this.#editor;
    $("paper").style.width = `${size.width * scale}px`;
    $("paper").style.height = `${size.height * scale}px`;
    $("zoom").textContent = `${Math.round((100 * scale) / CSS_PX_PER_MM)} %`;
  }

  #tab(page) {
    const tab = document.createElement("button");
    [tab.type, tab.textContent, tab.title] = ["button", page + 1, words("page", { n: page + 1 })];
    tab.setAttribute("aria-label", tab.title);
    tab.addEventListener("click", () => this.leaf(page - this.#editor.page));
    return tab;
  }
}
