/** The title of the form: at the head of the page, and in a form of its own while no field is selected. */

import { FORM } from "./document.js";
import { put, tell } from "./tell.js";

const LANGUAGES = ["id", "en"];

export class Title {
  #form;
  #shown;

  /** @param form the form; @param shown where the title is shown; @param change(language, text) */
  constructor(form, shown, change) {
    [this.#form, this.#shown] = [form, shown];
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const language of LANGUAGES)
      form.elements[`title_${language}`].addEventListener("input", ({ target }) => change(language, target.value));
  }

  draw({ doc, field, faulty, words, language }) {
    const { elements } = this.#form;
    this.#form.hidden = Boolean(field);
    this.#form.querySelector("#goes-nowhere").hidden = Boolean(doc.register);
    for (const one of LANGUAGES) put(elements[`title_${one}`], doc.title[one]);
    tell(this.#shown, doc.title[language]);
    const [fault] = faulty.get(FORM) ?? [];
    elements.title_id.setAttribute("aria-invalid", Boolean(fault));
    tell(this.#form.querySelector("#fault-title"), fault ? words(fault.word) : "");
  }

  /** The input that a way from the root of the definition leads to. */
  input([, language]) {
    return this.#form.elements[`title_${language ?? "id"}`];
  }
}
