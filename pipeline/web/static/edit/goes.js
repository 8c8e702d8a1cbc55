/** What the selected field becomes in the register: a select for each target, and one for a further target. */

import { isFree, offers, same, targets, told } from "./register.js";
import { tell } from "./tell.js";

export class Goes {
  #root;
  #selects;
  #on;
  #field;
  #targets = [];
  #offered = [];

  /** @param root what the selects stand in; @param on (from, to): targets, or null */
  constructor(root, on) {
    [this.#root, this.#on] = [root, on];
    this.#selects = root.getElementsByTagName("select");
    root.addEventListener("change", ({ target }) => this.#change([...this.#selects].indexOf(target), target.value));
  }

  /** The select of the target with this attribute, else the first. */
  input(attribute) {
    return this.#selects[Math.max(this.#targets.findIndex((target) => target.attribute === attribute), 0)];
  }

  draw(doc, place, words) {
    this.#order(targets(doc, place), place.item._id);
    const groups = offers(doc, place, words);
    this.#offered = groups.flatMap(({ options }) => options.map(({ target }) => target));
    const further = ({ target: { entry, attribute }, taken }) => entry && !taken && !isFree(attribute);
    const more = !this.#targets.length || groups.some(({ options }) => options.some(further));
    const count = this.#targets.length + more;
    const list = this.#root.querySelector(".selects");
    while (this.#selects.length > count) list.lastElementChild.remove();
    while (this.#selects.length < count) list.append(label(this.#selects.length, words));
    [...this.#selects].forEach((select, index) => this.#fill(select, index, groups, words));
    tell(this.#root.querySelector("#hint-goes"), this.#targets.map((target) => told(target).hint).filter(Boolean).join(" "));
  }

  /** Say what is wrong with what the field becomes, with an attribute if it is one's; "" for nothing. */
  tell(text, attribute) {
    tell(this.#root.querySelector("#fault-goes"), text);
    for (const select of this.#selects)
      select.setAttribute("aria-invalid", Boolean(text) && select === this.input(attribute));
  }

  /** Targets stay in the selects in which they were chosen, as long as the field is looked at. */
  #order(now, field) {
    const former = this.#field === field ? this.#targets : [];
    const rest = [...now];
    const stayed = former.flatMap((one) => {
      const at = rest.findIndex(({ entity, attribute }) => entity === one.entity && attribute === one.attribute);
      return at < 0 ? [] : rest.splice(at, 1);
    });
    [this.#targets, this.#field] = [[...stayed, ...rest], field];
  }

  #change(index, value) {
    const [from, to] = [this.#targets[index] ?? null, this.#offered[value] ?? null];
    this.#targets = this.#targets.toSpliced(index, 1, ...(to ? [to] : []));
    this.#on(from, to);
  }

  #fill(select, index, groups, words) {
    const own = this.#targets[index];
    const others = this.#targets.filter((target) => target !== own);
    const parts = [new Option(words(index ? "goes_no_more" : "goes_nothing"), "")];
    let chosen = "";
    let number = 0;
    for (const { label, options } of groups) {
      const group = document.createElement("optgroup");
      group.label = label;
      for (const { target, label: name, taken } of options) {
        const mine = Boolean(own) && same(target, own);
        const other = !mine && (Boolean(taken) || others.some((one) => same(one, target)));
        const whose = `${name} · ${label}`;
        const option = new Option(other && taken ? words("goes_taken", { label: whose, name: taken }) : whose, number++);
        option.disabled = other;
        if (mine) chosen = option.value;
        group.append(option);
      }
      parts.push(group);
    }
    if (own && !chosen) parts.splice(1, 0, new Option(told(own).label, (chosen = "own")));
    const fresh = document.createElement("select");
    fresh.append(...parts);
    // A list that somebody walks through by keys is left as it is where nothing changed.
    if (fresh.innerHTML !== select.innerHTML) select.replaceChildren(...parts);
    if (select.value !== chosen) select.value = chosen;
  }
}

function label(index, words) {
  const made = document.createElement("label");
  const select = document.createElement("select");
  select.name = index ? `goes_${index}` : "goes";
  select.setAttribute("aria-describedby", "hint-goes fault-goes");
  made.append(`${words(index ? "goes_also" : "goes")} `, select);
  return made;
}
