/** The list of fields: a listbox, one group a page, in the document's order. */

import { places } from "./document.js";
import { targets, told } from "./register.js";

const symbol = (kind) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${kind}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${kind}`);
  svg.append(use);
  return svg;
};

const element = (tag, className, text = "") => {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
};

export class Fields {
  #list;
  #shown = "";

  /** @param list the listbox; @param on select(id), open(id) */
  constructor(list, on) {
    this.#list = list;
    list.addEventListener("click", ({ target }) => {
      const id = target.closest("[role=option]")?.dataset.field;
      if (id) on.select(id);
    });
    list.addEventListener("dblclick", ({ target }) => {
      const id = target.closest("[role=option]")?.dataset.field;
      if (id) on.open(id);
    });
    list.addEventListener("keydown", (event) => {
      const ids = [...list.querySelectorAll("[role=option]")].map((option) => option.dataset.field);
      const now = ids.indexOf(this.#chosen()?.dataset.field);
      const goal = { ArrowDown: now + 1, ArrowUp: Math.max(now, 1) - 1, Home: 0, End: ids.length - 1 }[event.key];
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (goal !== undefined && ids.length) on.select(ids[Math.min(goal, ids.length - 1)]);
      else if (event.key === "Enter" && now >= 0) on.open(ids[now]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  draw({ doc, pages, kinds, field, faulty, words, language }) {
    const all = [...places(doc)];
    const rows = pages.map((_, page) => all.filter((place) => place.page === page));
    for (const place of all) place.goes = targets(doc, place).map((target) => told(target).label);
    const shown = ({ item: { _id, name, label, type, rows: count }, table, goes }) => [_id, name, label, type, count, table?._id, goes];
    const key = JSON.stringify(rows.map((row) => row.map(shown)));
    if (key !== this.#shown) this.#build(rows, kinds, words, language);
    this.#shown = key;
    for (const option of this.#list.querySelectorAll("[role=option]")) {
      const on = option.dataset.field === field;
      option.setAttribute("aria-selected", on);
      option.classList.toggle("faulty", faulty.has(option.dataset.field));
      if (on) option.scrollIntoView({ block: "nearest" });
    }
    this.#list.setAttribute("aria-activedescendant", this.#chosen()?.id ?? "");
  }

  #chosen() {
    return this.#list.querySelector("[aria-selected=true]");
  }

  #build(rows, kinds, words, language) {
    this.#list.replaceChildren(
      ...rows.map((items, page) => {
        const group = element("div", "group");
        group.setAttribute("role", "group");
        group.setAttribute("aria-label", words("page", { n: page + 1 }));
        const head = element("div", "head", words("page", { n: page + 1 }));
        head.setAttribute("aria-hidden", "true");
        group.append(head, ...items.map((place) => this.#option(place, kinds[place.item.type], words, language)));
        if (!items.length) group.append(element("div", "none", words("no_fields")));
        return group;
      }),
    );
  }

  #option({ item, table, goes }, { kind, label }, words, language) {
    const option = element("div", table ? "option column" : "option");
    option.id = `option-${item._id}`;
    option.dataset.field = item._id;
    option.setAttribute("role", "option");
    const texts = element("span", "texts");
    texts.append(element("span", "name", item.name), element("span", "label", item.label?.[language] ?? words("count_table", { n: item.rows })));
    if (goes.length) {
      const into = element("span", "goes", `→ ${goes.join(", ")}`);
      into.title = words("goes_into", { names: goes.join(", ") });
      texts.append(into);
    }
    const mark = element("span", "mark", "!");
    mark.title = words("faulty");
    const type = element("span", "type", label.replace(/ \(.*\)$/, ""));
    type.title = label;
    option.append(symbol(kind), texts, type, mark);
    return option;
  }
}
