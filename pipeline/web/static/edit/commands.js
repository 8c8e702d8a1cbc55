/** What keys and buttons do, by name. */

import * as fields from "./document.js";
import { $, words } from "./editor.js";

const NEW_SIZE = { marks: [4.5, 4.5], comb: [5.5, 6.5], area: [60, 20] };
const NEW_TYPE = { marks: "choice", comb: "text", area: "line" };
const NEW_ROWS = 3;
const ROOM = 20;
const FOCUS = { focus: true };

/** The commands of an editor; `create(box, exact)` also serves the pointer. */
export function commandsOf(editor, view, saving) {
  const useTool = (tool) => {
    editor.tool = tool;
    $(`tool-${tool}`).checked = true;
    $("cells").parentElement.hidden = tool !== "comb";
    editor.say(words(`tool_${tool}_help`));
    editor.draw();
  };

  const drawn = () => (editor.tool === "pick" ? "comb" : editor.tool);

  /** A new field, one more tick box of the selected choice, or one more column of the selected table. */
  const create = (box, exact = false) => {
    const kind = drawn();
    const whole = exact || !$("magnet").checked ? box : editor.onLines([box])[0];
    const { item, kinds } = editor;
    if (kind === "marks" && editor.kind === "marks") {
      editor.change(() => item.choices.push(fields.nextChoice(item.choices, whole)));
      editor.select(item._id, item.choices.length - 1, FOCUS);
      return editor.say(words("choice_added", { name: item.name }));
    }
    const name = fields.freeName(editor.doc, words("new_name"), 1);
    const made = { name, type: NEW_TYPE[kind], label: fields.both(words("new_label")) };
    if (kind === "marks") made.choices = [fields.nextChoice([], whole)];
    else made.at = kind === "comb" ? fields.split(whole, editor.cells) : [whole.map(fields.round)];
    if (editor.kind === "table") editor.change(() => fields.addColumn(item, made, kinds));
    else editor.change(() => fields.insert(editor.doc, editor.page, made, kinds));
    editor.select(made._id, null, FOCUS);
    editor.say(words("added", { name, count: words(`count_${kind}`, { n: made.at?.length ?? 1 }) }));
  };

  /** A new field in the middle of what is seen. */
  const createHere = () => {
    const [w, h] = NEW_SIZE[drawn()];
    const width = drawn() === "comb" ? Math.min(w * editor.cells, editor.size.width - ROOM) : w;
    const seen = $("view").getBoundingClientRect();
    const paper = $("paper").getBoundingClientRect();
    const x = (seen.left + seen.width / 2 - paper.left) / editor.scale - width / 2;
    const y = (seen.top + seen.height / 2 - paper.top) / editor.scale - h / 2;
    create(fields.held([x, y, width, h], editor.size), true);
  };

  const move = (right, down) => {
    const { chosen, size, field, box } = editor;
    if (!chosen.length) return;
    editor.change(() => editor.replace(fields.moved(chosen, right, down, size)), `move ${field} ${box}`);
    editor.sheet.reveal();
  };

  const resize = (right, down) => {
    const { chosen, size, abreast, field, box } = editor;
    if (!chosen.length) return;
    const [x, y, w, h] = fields.extent(chosen);
    const width = Math.min(Math.max(w + right, abreast * fields.LEAST), size.width - x);
    const height = Math.min(Math.max(h + down, fields.LEAST), size.height - y);
    editor.change(() => editor.replace(fields.stretched(chosen, [x, y, width, height])), `size ${field} ${box}`);
  };

  const snap = () => {
    const { chosen } = editor;
    if (!chosen.length) return;
    editor.change(() => editor.replace(editor.onLines(chosen)));
    editor.say(words("snapped"));
  };

  const remove = () => {
    const { item, kind, boxes, box, doc } = editor;
    if (!item) return;
    if (box !== null && boxes.length > 1 && !editor.kinds[item.type].fixed) {
      editor.changeField(() => (kind === "marks" ? item.choices.splice(box, 1) : fields.place(item, kind, boxes.toSpliced(box, 1))));
      return editor.select(item._id, null, FOCUS);
    }
    const order = fields.fieldsOf(doc, editor.page);
    const index = order.indexOf(item);
    const next = order[index + 1] ?? order[index - 1];
    editor.change(() => fields.remove(doc, item._id));
    editor.select(next?._id ?? null, null, FOCUS);
    editor.say(words("removed", { name: item.name }));
  };

  const duplicate = () => {
    const { doc, field, size, kinds } = editor;
    if (!field) return;
    const copy = editor.change(() => fields.duplicate(doc, field, size, kinds));
    editor.select(copy._id, null, FOCUS);
    editor.say(words("duplicated", { name: copy.name }));
  };

  const tabulate = () => {
    const { doc, field, item } = editor;
    if (!field || editor.kind === "table" || fields.find(doc, field).table) return;
    const name = fields.freeName(doc, words("new_table"), 1);
    const table = editor.change(() => fields.tabulate(doc, field, name, NEW_ROWS));
    editor.select(table._id, null, FOCUS);
    editor.say(words("tabulated", { name: item.name, table: name }));
  };

  const step = (doc, word) => {
    if (!doc) return editor.say(words("nothing_more"));
    editor.doc = doc;
    editor.select(editor.field, null, { focus: Boolean(document.activeElement?.closest("#boxes")) });
    editor.say(words(word));
  };

  const reorder = (by) => {
    const { doc, field } = editor;
    if (field) editor.change(() => fields.reorder(doc, field, by));
  };

  const nextField = (by) => {
    const order = [...fields.places(editor.doc)].map(({ item }) => item._id);
    const now = order.indexOf(editor.field);
    const goal = order[now < 0 && by < 0 ? order.length - 1 : now + by];
    if (goal) editor.select(goal, null, FOCUS);
  };

  const nextBox = (by) => {
    const { field, box, boxes } = editor;
    const n = boxes.length;
    if (n > 1) editor.select(field, box === null ? (by > 0 ? 0 : n - 1) : (box + by + n) % n, FOCUS);
  };

  const out = () => {
    if (editor.sheet.dragging) return editor.sheet.cancel();
    if (editor.box !== null) return editor.select(editor.field, null, FOCUS);
    if (editor.tool !== "pick") return useTool("pick");
    document.activeElement?.blur();
    editor.select(null);
  };

  return {
    create,
    createHere,
    move,
    resize,
    snap,
    remove,
    duplicate,
    tabulate,
    out,
    back: () => (editor.field ? editor.sheet.focus(editor.field) : document.activeElement.blur()),
    name: () => editor.field && editor.open(editor.field),
    undo: () => step(editor.history.undo(), "undone"),
    redo: () => step(editor.history.redo(), "redone"),
    earlier: () => reorder(-1),
    later: () => reorder(1),
    next: () => nextField(1),
    previous: () => nextField(-1),
    boxBefore: () => nextBox(-1),
    boxAfter: () => nextBox(1),
    pageBefore: () => view.leaf(-1),
    pageAfter: () => view.leaf(1),
    zoomIn: () => view.larger(),
    zoomOut: () => view.smaller(),
    zoomFit: () => view.fit(),
    toolPick: () => useTool("pick"),
    toolMarks: () => useTool("marks"),
    toolComb: () => useTool("comb"),
    toolArea: () => useTool("area"),
    save: () => saving.save(),
    help: () => $("help").showModal(),
  };
}
