/** What is said of the selected field: its name, type, labels, choices and place, in a form. */

import { boxesOf, extent, find } from "./document.js";
import { Goes } from "./goes.js";
import { put, tell } from "./tell.js";

const CHECKS = ["required", "multiple", "filled"];
const SIDES = ["x", "y", "w", "h"];

export class Details {
  #form;
  #rows;
  #goes;
  #on;

  /**
   * @param form the form; @param on rename, label, type, goes, cells, rows, pitch, check, place, choice, addChoice, dropChoice, chooseBox
   */
  constructor(form, types, on) {
    [this.#form, this.#on] = [form, on];
    this.#rows = form.querySelector("tbody");
    this.#goes = new Goes(form.querySelector("#goes"), on.goes);
    const { elements } = form;
    for (const { type, label } of types) elements.type.add(new Option(label, type));
    form.addEventListener("submit", (event) => event.preventDefault());
    elements.name.addEventListener("input", ({ target }) => on.rename(target.value));
    elements.label_id.addEventListener("input", ({ target }) => on.label("id", target.value));
    elements.label_en.addEventListener("input", ({ target }) => on.label("en", target.value));
    elements.type.addEventListener("change", ({ target }) => on.type(target.value));
    elements.cells.addEventListener("change", ({ target }) => on.cells(target.valueAsNumber));
    elements.rows.addEventListener("change", ({ target }) => on.rows(target.valueAsNumber));
    elements.pitch.addEventListener("change", ({ target }) => on.pitch(target.valueAsNumber));
    for (const key of CHECKS) elements[key].addEventListener("change", ({ target }) => on.check(key, target.checked));
    for (const [index, side] of SIDES.entries())
      elements[side].addEventListener("change", ({ target }) => on.place(index, target.valueAsNumber));
    this.#rows.addEventListener("input", ({ target }) => on.choice(row(target), target.dataset.key, target.value));
    this.#rows.addEventListener("focusin", ({ target }) => target.dataset.key && on.chooseBox(row(target)));
    this.#rows.addEventListener("click", ({ target }) => {
      if (target.closest("button")) on.dropChoice(row(target));
    });
    form.querySelector("#add-choice").addEventListener("click", on.addChoice);
  }

  draw(editor) {
    const { doc, field, box, kinds, faulty, words } = editor;
    const place = field && find(doc, field);
    this.#form.hidden = !place;
    if (!place) return;
    const { item } = place;
    const { elements } = this.#form;
    const { kind, fixed } = kinds[item.type];
    const here = faulty.get(field) ?? [];
    this.#form.dataset.kind = kind;
    put(elements.name, item.name);
    put(elements.label_id, item.label?.id ?? "");
    put(elements.label_en, item.label?.en ?? "");
    put(elements.rows, item.rows ?? "");
    put(elements.pitch, item.pitch ?? "");
    elements.type.value = item.type;
    const boxes = boxesOf(item, kind);
    put(elements.cells, boxes.length);
    elements.cells.disabled = fixed;
    for (const key of CHECKS) elements[key].checked = Boolean(item[key]);
    for (const part of this.#form.querySelectorAll("[data-for]"))
      part.hidden = !part.dataset.for.split(" ").includes(kind) && !part.dataset.for.split(" ").includes(item.type);
    const sides = boxes.length ? extent(box === null ? boxes : [boxes[box]]) : [0, 0, 0, 0];
    SIDES.forEach((side, index) => put(elements[side], sides[index].toFixed(2)));
    if (kind !== "table") this.#goes.draw(doc, place, words);
    this.#form.querySelector("#which").textContent =
      box === null ? words("whole_field") : words("one_box", { n: box + 1, all: boxes.length });
    this.#choices(item.choices ?? [], kind === "marks" ? box : null, words);
    this.#faults(here, words);
    const refused = editor.refusals(field).find(({ at }) => at[0] === "register");
    this.#goes.tell(refused?.why ?? "", refused?.at[1]);
  }

  #choices(choices, box, words) {
    while (this.#rows.rows.length > choices.length) this.#rows.lastElementChild.remove();
    while (this.#rows.rows.length < choices.length) this.#rows.append(this.#choice(words));
    choices.forEach((choice, index) => {
      const line = this.#rows.rows[index];
      line.classList.toggle("on", index === box);
      const [value, id, en] = line.querySelectorAll("input");
      put(value, choice.means ?? choice.value);
      put(id, choice.label.id);
      put(en, choice.label.en);
      value.setAttribute("aria-label", `${words("value")} ${index + 1}`);
      id.setAttribute("aria-label", `${words("label_id")} ${index + 1}`);
      en.setAttribute("aria-label", `${words("label_en")} ${index + 1}`);
      line.querySelector("button").setAttribute("aria-label", words("drop_choice", { value: choice.value }));
      line.querySelector("button").disabled = choices.length === 1;
    });
  }

  #choice(words) {
    const line = document.createElement("tr");
    for (const key of ["value", "id", "en"]) {
      const input = document.createElement("input");
      [input.dataset.key, input.autocomplete] = [key, "off"];
      const cell = line.insertCell();
      cell.className = key;
      cell.append(input);
    }
    const drop = document.createElement("button");
    [drop.type, drop.className, drop.textContent, drop.title] = ["button", "quiet danger", "×", words("delete")];
    line.insertCell().append(drop);
    return line;
  }

  #faults(faults, words) {
    const { elements } = this.#form;
    const of = (key) => faults.find(({ at }) => at[0] === key);
    for (const [input, key] of [[elements.name, "name"], [elements.label_id, "label"]]) {
      const fault = of(key);
      input.setAttribute("aria-invalid", Boolean(fault));
      tell(this.#form.querySelector(`#fault-${key}`), fault ? words(fault.word) : "");
    }
    const wrong = new Set(faults.filter(({ at }) => at[0] === "choices").map(({ at }) => at[1]));
    for (const [index, line] of [...this.#rows.rows].entries())
      line.querySelector("input").setAttribute("aria-invalid", wrong.has(index));
    tell(this.#form.querySelector("#fault-value"), of("choices") ? words(of("choices").word) : "");
  }

  /** The input that a way from the field's root leads to, the name's where it leads to none that is seen. */
  input([key, index, part, language]) {
    const { elements } = this.#form;
    const line = key === "choices" && this.#rows.rows[index];
    if (key === "register") return this.#goes.input(index);
    const name = { label: `label_${index ?? "id"}`, at: "x", tops: "pitch" }[key] ?? key;
    const found = line ? line.querySelector(`[data-key=${part === "label" ? (language ?? "id") : "value"}]`) : elements[name];
    return found?.offsetParent ? found : elements.name;
  }
}

const row = (target) => target.closest("tr").sectionRowIndex;
