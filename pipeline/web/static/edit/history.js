/** Steps that can be taken back: whole documents as text, since a definition is small. */

const PAUSE = 900;
const MOST = 300;

export class History {
  #past = [];
  #future = [];
  #now;
  #mark = null;
  #time = 0;

  constructor(doc) {
    this.#now = JSON.stringify(doc);
  }

  /** The document as it stands, as text. */
  get now() {
    return this.#now;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Keep a change; changes of one mark without a pause between them are one step. */
  note(doc, mark) {
    const text = JSON.stringify(doc);
    if (text === this.#now) return;
    const time = Date.now();
    const same = mark !== null && mark === this.#mark && time - this.#time < PAUSE;
    if (!same) this.#past.push(this.#now);
    if (this.#past.length > MOST) this.#past.shift();
    [this.#future, this.#now, this.#mark, this.#time] = [[], text, mark, time];
  }

  /** The document before the last step, or null. */
  undo() {
    return this.#step(this.#past, this.#future);
  }

  /** The document after the step last taken back, or null. */
  redo() {
    return this.#step(this.#future, this.#past);
  }

  #step(from, to) {
    if (!from.length) return null;
    to.push(this.#now);
    this.#now = from.pop();
    this.#mark = null;
    return JSON.parse(this.#now);
  }
}
