/** Saving, and what is told when it does not go through. */

import { FORM, places, plain } from "./document.js";
import { $, words } from "./editor.js";
import { placeOf } from "./register.js";
import * as server from "./server.js";

/** A number counts once its input is left: what is being typed now is to be saved, too. */
function takeTyped() {
  const { activeElement } = document;
  if (!(activeElement instanceof HTMLInputElement)) return;
  activeElement.blur();
  activeElement.focus();
}

export class Saving {
  #editor;
  #busy = false;

  constructor(editor) {
    this.#editor = editor;
    addEventListener("beforeunload", (event) => {
      takeTyped();
      if (editor.dirty) event.preventDefault();
    });
  }

  async save(asNext = false) {
    const editor = this.#editor;
    if (this.#busy) return;
    takeTyped();
    if (!asNext && !editor.dirty) return editor.say(words("unchanged"));
    if (editor.faulty.size) {
      editor.warnOfFaults();
      const [id, [{ at }]] = editor.faulty.entries().next().value;
      return editor.open(id, at);
    }
    editor.warn([]);
    editor.say(words("saving"));
    const sent = editor.history.now;
    const definition = plain(editor.doc);
    const { stamp } = editor.draft;
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    let answer;
    this.#busy = true;
    try {
      answer = await server.save(definition, stamp, asNext, token);
    } catch {
      editor.say("");
      return editor.warn([{ text: words("no_answer") }]);
    } finally {
      this.#busy = false;
    }
    this.#answered(answer, sent, definition);
  }

  #answered({ status, told }, sent, definition) {
    const editor = this.#editor;
    if (status === 200) return this.#kept(told, sent);
    editor.say("");
    if (told.frozen) return ask(told.message, words("save_as", { n: told.next }), () => this.save(true));
    if (told.conflict) return ask(told.message, words("reload"), () => this.#reload());
    const errors = told.errors?.map(({ at, message }) => this.#located(at, message, definition));
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

  /** A sentence of the server, with the title, field or page that its way through the definition leads to. */
  #located(way, message, sent) {
    const [root, page, , section, , index, ...rest] = way;
    if (root === "title") return { id: FORM, at: way, text: `${words("title")}: ${message}` };
    if (root === "register") {
      const found = placeOf(this.#editor.doc, way, sent.register, [...places(this.#editor.doc)]);
      const text = `${found?.item.name}: ${message}`;
      return found ? { id: found.item._id, at: [root, way[3]], text, why: message } : { text: message };
    }
    if (root !== "pages" || page === undefined) return { text: message };
    const whole = this.#editor.doc.pages[page]?.sections?.[section]?.items?.[index];
    const column = rest[0] === "columns" && whole?.columns?.[rest[1]];
    const item = column || whole;
    const text = `${item?.name ?? words("page", { n: page + 1 })}: ${message}`;
    return item ? { id: item._id, at: column ? rest.slice(2) : rest, text } : { text };
  }
}

function ask(question, yes, work) {
  $("question").textContent = question;
  $("yes").textContent = yes;
  $("ask").returnValue = "";
  $("ask").onclose = () => $("ask").returnValue === "yes" && work();
  $("ask").showModal();
}
