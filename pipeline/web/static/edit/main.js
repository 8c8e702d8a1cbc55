/** The beginning: asks for the draft, puts the parts together and listens. */

import { commandsOf } from "./commands.js";
import { Details } from "./details.js";
import * as fields from "./document.js";
import { $, Editor, words } from "./editor.js";
import { Fields } from "./fields.js";
import { listen } from "./keys.js";
import { assign } from "./register.js";
import { Saving } from "./saving.js";
import * as server from "./server.js";
import { Sheet } from "./sheet.js";
import { Title } from "./title.js";
import { View } from "./view.js";

const MOST_ROWS = 60;

async function begin() {
  const { status, told } = await server.load();
  if (status !== 200) {
    $("warned").hidden = false;
    const textContent = told.errors?.[0].message ?? words("not_loaded");
    $("warnings").append(Object.assign(document.createElement("li"), { textContent }));
    return;
  }
  const editor = new Editor(told);
  const view = new View(editor);
  const commands = commandsOf(editor, view, new Saving(editor));
  const sheet = new Sheet($("boxes"), $("view"), ofPointer(editor, commands));
  const list = new Fields($("fields"), {
    select: (id) => editor.select(id),
    open: (id) => editor.select(id, null, { focus: true }),
  });
  const details = new Details($("details"), told.types, ofDetails(editor));
  const title = new Title($("form-title"), $("title"), (language, text) =>
    editor.change(() => {
      editor.doc.title = fields.relabelled(editor.doc.title, language, text);
    }, `title ${language}`),
  );
  editor.show({ sheet, parts: [list, details, title], details, title, turn: (page) => view.turn(page) });
  $("frozen").hidden = !told.frozen;
  for (const button of document.querySelectorAll("[data-command]"))
    button.addEventListener(button.type === "radio" ? "change" : "click", () => commands[button.dataset.command]());
  $("cells").addEventListener("input", ({ target }) => {
    if (target.value && target.validity.valid) editor.cells = target.valueAsNumber;
  });
  listen(commands, () => document.querySelector("dialog[open]"));
  view.turn(0);
  editor.draw();
  await $("blank").decode();
  document.body.dataset.ready = "yes";
}

/** What the pointer does on the blank. */
const ofPointer = (editor, { create }) => ({
  select: (id, box) => editor.select(id, box, { reveal: false }),
  preview: (boxes) => {
    editor.replace(boxes);
    editor.draw();
  },
  done: (free) =>
    editor.change(() => {
      if ($("magnet").checked && !free) editor.replace(editor.onLines(editor.chosen));
    }),
  cancel: () => {
    editor.doc = JSON.parse(editor.history.now);
    editor.draw();
  },
  draw: create,
});

/** What is changed in the form of a field's details. */
const ofDetails = (editor) => ({
  rename: (name) => editor.change(() => fields.rename(editor.doc, editor.item, name), `name ${editor.field}`),
  label: (language, text) =>
    editor.change(() => {
      editor.item.label = fields.relabelled(editor.item.label, language, text);
    }, `label ${editor.field} ${language}`),
  type: (type) => editor.changeField((item) => fields.retype(item, type, editor.kinds)),
  goes: (from, to) => editor.change(() => assign(editor.doc, fields.find(editor.doc, editor.field), from, to), `goes ${editor.field}`),
  cells: (n) => {
    if (n >= 1 && n <= editor.draft.most_cells)
      editor.changeField((item) => fields.place(item, "comb", fields.split(fields.extent(item.at), Math.round(n))));
    else editor.draw();
  },
  rows: (n) => {
    if (n >= 1 && n <= MOST_ROWS) editor.changeField((item) => fields.setCount(item, Math.round(n)));
    else editor.draw();
  },
  pitch: (mm) => {
    if (mm > 0) editor.changeField((item) => fields.setPitch(item, mm));
    else editor.draw();
  },
  check: (key, on) =>
    editor.change(() => {
      if (on) editor.item[key] = true;
      else delete editor.item[key];
    }),
  place: (index, mm) => {
    const { chosen, size, abreast } = editor;
    if (Number.isNaN(mm)) return editor.draw();
    const goal = fields.held(fields.extent(chosen).with(index, mm), size, abreast);
    editor.change(() => editor.replace(fields.stretched(chosen, goal)));
  },
  choice: (index, key, text) =>
    editor.change(() => {
      const choice = editor.item.choices[index];
      // What another value meant to the register says nothing of this one.
      if (key === "value") [choice.value, choice.means] = [text, undefined];
      else choice.label = fields.relabelled(choice.label, key, text);
    }, `choice ${editor.field} ${index} ${key}`),
  addChoice: () => {
    const { item, size } = editor;
    editor.change(() => fields.addChoice(item, editor.kind, size));
    if (editor.kind === "marks") editor.select(item._id, item.choices.length - 1);
  },
  dropChoice: (index) => editor.changeField((item) => item.choices.splice(index, 1)),
  chooseBox: (index) => editor.kind === "marks" && editor.box !== index && editor.select(editor.field, index),
});

begin();
