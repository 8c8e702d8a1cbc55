/** Saving, and what is told when it does not go through. */

import { find, plain } from "./document.js";
import { $, words } from "./editor.js";
import * as server from "./server.js";

export class Saving {
  #editor;
  #busy = false;

  constructor(editor) {
    this.#editor = editor;
    addEventListener("beforeunload", (event) => editor.dirty && event.preventDefault());
  }

  async save(asNext = false) {
    const editor = this.#editor;
    if (this.#busy) return;
    if (!asNext && !editor.dirty) return editor.say(words("unchanged"));
    if (editor.faulty.size) return this.#faulty();
    editor.warn([]);
    editor.say(words("saving"));
    const sent = editor.history.now;
    const { stamp } = editor.draft;
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    let answer;
    this.#busy = true;
    try {
      answer = await server.save(plain(editor.doc), stamp, asNext, token);
    } catch {
      editor.say("");
      return editor.warn([{ text: words("no_answer") }]);
    } finally {
      this.#busy = false;
    }
    this.#answered(answer, sent);
  }

  #faulty() {
    const editor = this.#editor;
    editor.warn([...editor.faulty].map(([id, [{ word }]]) => ({ id, text: this.#named(id, words(word)) })));
    editor.open(editor.faulty.keys().next().value);
  }

  #answered({ status, told }, sent) {
    const editor = this.#editor;
    if (status === 200) return this.#kept(told, sent);
    editor.say("");
    if (told.frozen) return ask(told.message, words("save_as", { n: told.next }), () => this.save(true));
    if (told.conflict) return ask(told.message, words("reload"), () => this.#reload());
    const errors = told.errors?.map(({ at, message }) => this.#located(at, message));
    editor.warn(errors ?? [{ text: words("not_saved", { status }) }]);
  }

  #kept(told, sent) {
    const editor = this.#editor;
    editor.saved = sent;
    editor.draft.stamp = told.stamp;
    editor.draw();
    const time = new Date().toLocaleTimeString(editor.language, { hour: "2-digit", minute: "2-digit" });
    editor.say(words("saved", { time }));
    if (told.version !== editor.draft.version) location.assign(`../${told.version}/`);
  }

  #reload() {
    this.#editor.saved = this.#editor.history.now;
    location.reload();
  }

  #named(id, text) {
    return `${find(this.#editor.doc, id).item.name}: ${text}`;
  }

  /** A sentence of the server, with the field or page that its way through the definition leads to. */
  #located([root, page, , section, , index], message) {
    if (root !== "pages" || page === undefined) return { text: message };
    const id = this.#editor.doc.pages[page]?.sections?.[section]?.items?.[index]?._id;
    return id ? { id, text: this.#named(id, message) } : { text: `${words("page", { n: page + 1 })}: ${message}` };
  }
}

function ask(question, yes, work) {
  $("question").textContent = question;
  $("yes").textContent = yes;
  $("ask").returnValue = "";
  $("ask").onclose = () => $("ask").returnValue === "yes" && work();
  $("ask").showModal();
}
