/** The page: its state, the commands that change it, and saving. */

import * as document_ from "./document.js";
import { Details } from "./details.js";
import { Fields } from "./fields.js";
import { History } from "./history.js";
import { listen } from "./keys.js";
import { Lines } from "./lines.js";
import * as server from "./server.js";
import { Sheet } from "./sheet.js";

const { boxesOf, both, extent, find, held, moved, place, split, stretched } = document_;

const ZOOM = 1.25;
const SCALES = [1, 24];
const NEW_SIZE = { marks: [4.5, 4.5], comb: [5.5, 6.5], area: [60, 20] };
const NEW_TYPE = { marks: "choice", comb: "text", area: "line" };
const NARROW = 12;

const $ = (id) => document.getElementById(id);
const texts = JSON.parse($("texts").textContent);
const words = (key, facts = {}) =>
  (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

const state = {
  doc: null,
  pages: [],
  kinds: {},
  page: 0,
  field: null,
  box: null,
  tool: "pick",
  cells: 16,
  scale: 4,
  fitted: true,
  faulty: new Map(),
  words,
  language: document.documentElement.lang,
};
let draft, history, saved, sheet, fields, details;
const lines = new Map();

// ---- what is selected

const item = () => (state.field ? find(state.doc, state.field)?.item : undefined);
const kindOf = (one) => state.kinds[one.type].kind;
const page = () => state.pages[state.page];
const dirty = () => history.now !== saved;

function chosen() {
  const one = item();
  if (!one) return null;
  const boxes = boxesOf(one, kindOf(one));
  return state.box === null ? boxes : boxes.slice(state.box, state.box + 1);
}

/** Put the chosen boxes back into their field. */
function replace(boxes) {
  const one = item();
  const all = state.box === null ? boxes : boxesOf(one, kindOf(one)).with(state.box, boxes[0]);
  place(one, kindOf(one), all);
}

function select(id, box = null, { reveal = true, focus = false } = {}) {
  const here = id && find(state.doc, id);
  state.field = here ? id : null;
  state.box = here ? box : null;
  if (here && here.page !== state.page) turn(here.page);
  draw();
  if (here && reveal) sheet.reveal();
  if (here && focus) sheet.focus(id);
}

// ---- changing and showing

/** Change the document as one step; changes with one mark and without a pause between are one step. */
function change(work, mark = null) {
  const result = work();
  history.note(state.doc, mark);
  draw();
  return result;
}

function draw() {
  state.faulty = document_.faults(state.doc);
  sheet.draw(state);
  fields.draw(state);
  details.draw(state);
  $("undo").disabled = !history.canUndo;
  $("redo").disabled = !history.canRedo;
  $("save").disabled = !dirty();
  $("changed").textContent = words(dirty() ? "changed" : "unchanged");
  $("changed").classList.toggle("dirty", dirty());
  $("count").textContent = [...document_.places(state.doc)].length;
  for (const key of ["duplicate", "remove", "snap", "earlier", "later"]) $(key).disabled = !state.field;
}

function say(text) {
  $("said").textContent = text;
}

/** Tell what went wrong, until the next save; each entry may lead to a field. */
function warn(entries) {
  $("warnings").replaceChildren(
    ...entries.map(({ text, id }) => {
      const line = document.createElement("li");
      const node = id ? document.createElement("button") : line;
      node.textContent = text;
      if (id) {
        node.type = "button";
        node.addEventListener("click", () => open(id));
        line.append(node);
      }
      return line;
    }),
  );
  $("warned").hidden = !entries.length;
}

function open(id) {
  select(id);
  details.focusName();
}

// ---- pages and zoom

function turn(index) {
  if (index < 0 || index >= state.pages.length) return;
  state.page = index;
  if (item() && find(state.doc, state.field).page !== index) [state.field, state.box] = [null, null];
  $("blank").src = page().image;
  $("blank").alt = words("blank_alt", { n: index + 1 });
  for (const [n, tab] of [...$("pages").children].entries()) tab.setAttribute("aria-current", n === index ? "page" : "false");
  if (state.fitted) state.scale = fitting();
  resize();
}

const fitting = () => Math.max(SCALES[0], ($("view").clientWidth - 2 * NARROW - 2) / page().width);

function zoom(scale) {
  const view = $("view");
  const [x, y] = [view.scrollLeft + view.clientWidth / 2, view.scrollTop + view.clientHeight / 2];
  const before = state.scale;
  state.scale = Math.min(Math.max(scale, SCALES[0]), SCALES[1]);
  resize();
  const ratio = state.scale / before;
  view.scrollTo(x * ratio - view.clientWidth / 2, y * ratio - view.clientHeight / 2);
  draw();
}

function resize() {
  const { width, height } = page();
  $("paper").style.width = `${width * state.scale}px`;
  $("paper").style.height = `${height * state.scale}px`;
  $("zoom").textContent = `${Math.round((state.scale * 25.4 * 100) / 96)} %`;
}

function fit() {
  state.fitted = true;
  zoom(fitting());
}

function zoomTo(scale) {
  state.fitted = false;
  zoom(scale);
}

// ---- printed lines

function linesOf(index) {
  const image = $("blank");
  if (!lines.has(index) && image.complete && image.naturalWidth) lines.set(index, new Lines(image, state.pages[index]));
  return lines.get(index);
}

/** Boxes on the printed lines beside them. */
function onLines(boxes) {
  const found = linesOf(state.page);
  return found ? boxes.map((box) => found.snapped(box)) : boxes;
}

// ---- commands

function useTool(tool) {
  state.tool = tool;
  $(`tool-${tool}`).checked = true;
  $("cells").parentElement.hidden = tool !== "comb";
  say(words(`tool_${tool}_help`));
  draw();
}

/** A new field, or one more tick box of the selected choice. */
function create(box, exact = false) {
  const kind = state.tool === "pick" ? "comb" : state.tool;
  const whole = exact || !$("magnet").checked ? box : onLines([box])[0];
  const one = item();
  if (kind === "marks" && one && kindOf(one) === "marks") {
    change(() => one.choices.push(document_.nextChoice(one.choices, whole)));
    select(one._id, one.choices.length - 1, { focus: true });
    say(words("choice_added", { name: one.name }));
    return;
  }
  const type = NEW_TYPE[kind];
  const name = document_.freeName(state.doc, words("new_name"), 1);
  const made = { name, type, label: both(words("new_label")) };
  if (kind === "marks") made.choices = [document_.nextChoice([], whole)];
  else made.at = kind === "comb" ? split(whole, state.cells) : [whole.map(document_.round)];
  change(() => document_.insert(state.doc, state.page, made, state.kinds));
  select(made._id, null, { focus: true });
  say(words("added", { name, count: words(`count_${kind}`, { n: made.at?.length ?? 1 }) }));
}

/** A new field in the middle of what is seen. */
function createHere() {
  const kind = state.tool === "pick" ? "comb" : state.tool;
  const [w, h] = NEW_SIZE[kind];
  const width = kind === "comb" ? Math.min(w * state.cells, page().width - 20) : w;
  const view = $("view").getBoundingClientRect();
  const paper = $("paper").getBoundingClientRect();
  const x = (view.left + view.width / 2 - paper.left) / state.scale - width / 2;
  const y = (view.top + view.height / 2 - paper.top) / state.scale - h / 2;
  create(held([x, y, width, h], page()), true);
}

function move(right, down) {
  const boxes = chosen();
  if (!boxes?.length) return;
  change(() => replace(moved(boxes, right, down, page())), `move ${state.field} ${state.box}`);
  sheet.reveal();
}

function enlarge(right, down) {
  const boxes = chosen();
  if (!boxes?.length) return;
  const [x, y, w, h] = extent(boxes);
  const n = kindOf(item()) === "comb" ? boxes.length : 1;
  const width = Math.min(Math.max(w + right, n), page().width - x);
  const height = Math.min(Math.max(h + down, 1), page().height - y);
  change(() => replace(stretched(boxes, [x, y, width, height])), `size ${state.field} ${state.box}`);
}

function snap() {
  const boxes = chosen();
  if (!boxes?.length) return;
  change(() => replace(onLines(boxes)));
  say(words("snapped"));
}

function remove() {
  const one = item();
  if (!one) return;
  const kind = kindOf(one);
  const boxes = boxesOf(one, kind);
  if (state.box !== null && boxes.length > 1 && !(kind === "comb" && state.kinds[one.type].fixed)) {
    const index = state.box;
    state.box = null;
    change(() => (kind === "marks" ? one.choices.splice(index, 1) : place(one, kind, boxes.toSpliced(index, 1))));
    return select(one._id, null, { focus: true });
  }
  const order = document_.fieldsOf(state.doc, state.page);
  const index = order.indexOf(one);
  const next = order[index + 1] ?? order[index - 1];
  change(() => document_.remove(state.doc, one._id));
  select(next?._id ?? null, null, { focus: true });
  say(words("removed", { name: one.name }));
}

function duplicate() {
  if (!state.field) return;
  const copy = change(() => document_.duplicate(state.doc, state.field, page(), state.kinds));
  select(copy._id, null, { focus: true });
  say(words("duplicated", { name: copy.name }));
}

function takeBack(doc, word) {
  if (!doc) return say(words("nothing_more"));
  state.doc = doc;
  const inSheet = document.activeElement?.closest("#boxes");
  select(state.field, null, { focus: Boolean(inSheet) });
  say(words(word));
}

function reorder(step) {
  if (state.field) change(() => document_.reorder(state.doc, state.field, step));
}

function step(by) {
  const order = [...document_.places(state.doc)].map((one) => one.item._id);
  const now = order.indexOf(state.field);
  const goal = now < 0 ? (by > 0 ? 0 : order.length - 1) : now + by;
  if (order[goal]) select(order[goal], null, { focus: true });
}

function stepBox(by) {
  const one = item();
  if (!one) return;
  const n = boxesOf(one, kindOf(one)).length;
  if (n > 1) select(one._id, state.box === null ? (by > 0 ? 0 : n - 1) : (state.box + by + n) % n, { focus: true });
}

function out() {
  if (sheet.dragging) return sheet.cancel();
  if (state.box !== null) return select(state.field, null, { focus: true });
  if (state.tool !== "pick") return useTool("pick");
  document.activeElement?.blur();
  select(null);
}

// ---- saving

async function save(asNext = false) {
  if (!asNext && !dirty()) return say(words("unchanged"));
  const [first] = state.faulty.keys();
  if (first) {
    const found = [...state.faulty].map(([id, [{ word }]]) => ({ id, text: named(id, words(word)) }));
    warn(found);
    return open(first);
  }
  warn([]);
  say(words("saving"));
  const sent = history.now;
  let answer;
  try {
    answer = await server.save(document_.plain(state.doc), draft.stamp, asNext, document.body.querySelector("[name=csrfmiddlewaretoken]").value);
  } catch {
    return warn([{ text: words("no_answer") }]);
  }
  const { status, told } = answer;
  if (status === 200) return kept(told, sent);
  say("");
  if (told.frozen) return ask(told.message, words("save_as", { n: told.next }), () => save(true));
  if (told.conflict) return ask(told.message, words("reload"), reload);
  warn(told.errors?.map(({ at, message }) => located(at, message)) ?? [{ text: words("not_saved", { status }) }]);
}

function kept(told, sent) {
  saved = sent;
  draft.stamp = told.stamp;
  draw();
  const time = new Date().toLocaleTimeString(state.language, { hour: "2-digit", minute: "2-digit" });
  say(words("saved", { time }));
  if (told.version !== draft.version) location.assign(`../${told.version}/`);
}

function reload() {
  saved = history.now;
  location.reload();
}

const named = (id, text) => `${find(state.doc, id).item.name}: ${text}`;

/** A sentence of the server, with the field that its place in the definition means. */
function located(at, message) {
  const [, pageIndex, , section, , index] = at;
  const one = at[0] === "pages" ? state.doc.pages[pageIndex]?.sections?.[section]?.items?.[index] : undefined;
  if (one?._id) return { id: one._id, text: named(one._id, message) };
  return { text: pageIndex === undefined || at[0] !== "pages" ? message : `${words("page", { n: pageIndex + 1 })}: ${message}` };
}

function ask(question, yes, work) {
  $("question").textContent = question;
  $("yes").textContent = yes;
  $("ask").returnValue = "";
  $("ask").onclose = () => $("ask").returnValue === "yes" && work();
  $("ask").showModal();
}

// ---- the beginning

const commands = {
  save: () => save(),
  undo: () => takeBack(history.undo(), "undone"),
  redo: () => takeBack(history.redo(), "redone"),
  duplicate,
  remove,
  name: () => item() && details.focusName(),
  out,
  back: () => (state.field ? sheet.focus(state.field) : document.activeElement.blur()),
  help: () => $("help").showModal(),
  boxBefore: () => stepBox(-1),
  boxAfter: () => stepBox(1),
  create: createHere,
  snap,
  next: () => step(1),
  previous: () => step(-1),
  move,
  resize: enlarge,
  zoomIn: () => zoomTo(state.scale * ZOOM),
  zoomOut: () => zoomTo(state.scale / ZOOM),
  zoomFit: fit,
  pageAfter: () => (turn(state.page + 1), draw()),
  pageBefore: () => (turn(state.page - 1), draw()),
  earlier: () => reorder(-1),
  later: () => reorder(1),
  toolPick: () => useTool("pick"),
  toolMarks: () => useTool("marks"),
  toolComb: () => useTool("comb"),
  toolArea: () => useTool("area"),
};

const detailChanges = {
  rename: (name) => change(() => document_.rename(state.doc, item(), name), `name ${state.field}`),
  label: (language, text) =>
    change(() => {
      const { label } = item();
      item().label = language === "id" && label.id === label.en ? both(text) : { ...label, [language]: text };
    }, `label ${state.field}`),
  type: (type) => {
    state.box = null;
    change(() => document_.retype(item(), type, state.kinds));
  },
  cells: (n) => {
    if (!(n >= 1 && n <= draft.most_cells)) return draw();
    state.box = null;
    const one = item();
    change(() => place(one, "comb", split(extent(one.at), Math.round(n))));
  },
  check: (key, on) =>
    change(() => {
      if (on) item()[key] = true;
      else delete item()[key];
    }),
  place: (index, mm) => {
    if (Number.isNaN(mm)) return draw();
    const boxes = chosen();
    const n = kindOf(item()) === "comb" ? boxes.length : 1;
    change(() => replace(stretched(boxes, held(extent(boxes).with(index, mm), page(), n))));
  },
  choice: (index, key, text) =>
    change(() => {
      const choice = item().choices[index];
      const { label } = choice;
      if (key === "value") choice.value = text;
      else choice.label = key === "id" && label.id === label.en ? both(text) : { ...label, [key]: text };
    }, `choice ${state.field} ${index} ${key}`),
  addChoice: () => {
    const one = item();
    const boxes = boxesOf(one, kindOf(one));
    const at = boxes.length && kindOf(one) === "marks" ? moved([boxes.at(-1)], 0, boxes.at(-1)[3] + 2, page())[0] : null;
    change(() => {
      const next = document_.nextChoice((one.choices ??= []), at ?? [0, 0, 1, 1]);
      if (!at) delete next.at;
      one.choices.push(next);
    });
    if (at) select(one._id, one.choices.length - 1);
  },
  dropChoice: (index) => {
    state.box = null;
    change(() => item().choices.splice(index, 1));
  },
  chooseBox: (index) => kindOf(item()) === "marks" && state.box !== index && select(state.field, index),
};

const sheetChanges = {
  select: (id, box) => select(id, box, { reveal: false }),
  preview: (boxes) => (replace(boxes), draw()),
  done: (free) =>
    change(() => {
      if ($("magnet").checked && !free) replace(onLines(chosen()));
    }),
  cancel: () => {
    state.doc = JSON.parse(history.now);
    draw();
  },
  draw: create,
};

async function begin() {
  const { status, told } = await server.load();
  if (status !== 200) return warn([{ text: words("not_loaded") }]);
  draft = told;
  state.pages = told.pages;
  state.kinds = Object.fromEntries(told.types.map((type) => [type.type, type]));
  state.doc = document_.opened(told.definition);
  history = new History(state.doc);
  saved = history.now;
  sheet = new Sheet($("boxes"), $("view"), sheetChanges);
  fields = new Fields($("fields"), { select: (id) => select(id), open: (id) => select(id, null, { focus: true }) });
  details = new Details($("details"), told.types, detailChanges);
  $("pages").append(...state.pages.map((_, index) => tab(index)));
  $("frozen").hidden = !told.frozen;
  for (const id of ["save", "undo", "redo", "duplicate", "remove", "snap", "create", "help-open", "earlier", "later", "zoom-in", "zoom-out", "zoom-fit"])
    $(id).addEventListener("click", commands[$(id).dataset.command]);
  for (const tool of ["pick", "marks", "comb", "area"]) $(`tool-${tool}`).addEventListener("change", () => useTool(tool));
  $("cells").addEventListener("input", ({ target }) => {
    if (target.validity.valid && target.value) state.cells = target.valueAsNumber;
  });
  new ResizeObserver(() => state.fitted && Math.abs(fitting() - state.scale) > 0.01 && fit()).observe($("view"));
  addEventListener("beforeunload", (event) => dirty() && event.preventDefault());
  listen(commands, () => document.querySelector("dialog[open]"));
  turn(0);
  draw();
  await $("blank").decode();
  document.body.dataset.ready = "yes";
}

function tab(index) {
  const button = document.createElement("button");
  [button.type, button.textContent] = ["button", index + 1];
  button.setAttribute("aria-label", words("page", { n: index + 1 }));
  button.title = words("page", { n: index + 1 });
  button.addEventListener("click", () => (turn(index), draw()));
  return button;
}

begin();
