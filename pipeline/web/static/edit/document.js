/**
 * The definition as a document: where its fields lie and how they change. No screen, no server.
 *
 * Boxes are [left, top, width, height] in mm from the page's top left corner. Every field carries an `_id`
 * that lives as long as the page is open; `plain` takes it out before the document goes back. A table is kept
 * with the type `table` and its name as `name`, so that it is listed, named and moved like a field; its boxes
 * are its rows. A column's boxes are those of the first row.
 */

import { forget, kept as keptIn, said, spread, targets } from "./register.js";

export const LEAST = 1;
const NAME = /^[a-z][a-z0-9_]*$/;
const VALUE = /^[A-Za-z0-9_]+$/;
const LONGEST_NAME = 40;
const LONGEST_VALUE = 20;
const EVEN = 0.02;
const ROW_GAP = 2;

let last = 0;

/** Round to 0.01 mm. */
export const round = (mm) => Math.round(mm * 100) / 100;

const isField = (item) => "type" in item;
const isTable = (item) => item?.type === "table";
const kindOf = (column) => (column.type === "choice" ? "marks" : "cells");

/** A definition as it came, with an `_id` for each field, table and column. */
export function opened(definition) {
  for (const { sections } of definition.pages)
    for (const { items } of sections)
      for (const [index, item] of items.entries())
        if ("table" in item) {
          const { table: name, ...rest } = item;
          items[index] = { name, type: "table", ...rest };
        }
  for (const { item } of places(definition)) item._id = `f${++last}`;
  return definition;
}

/** The definition as it goes back. */
export function plain(doc) {
  const told = ({ name, type, ...rest }) => ({ table: name, ...rest });
  const kept = (value) => (isTable(value) ? told(value) : value);
  const whole = { ...doc, register: said(doc.register) };
  return JSON.parse(JSON.stringify(whole, (key, value) => (key === "_id" ? undefined : kept(value))));
}

/** Every field and table with its place: page index, its list of items, its index in that list; a column's table. */
export function* places(doc) {
  for (const [page, { sections }] of doc.pages.entries())
    for (const { items } of sections)
      for (const [index, item] of items.entries()) {
        if (isField(item)) yield { item, page, items, index };
        if (isTable(item))
          for (const [column, inner] of item.columns.entries())
            yield { item: inner, page, items: item.columns, index: column, table: item };
      }
}

/** The name by which rules and the register know what stands at a place. */
const fullName = ({ item, table }) => (table ? `${table.name}.${item.name}` : item.name);

/** The fields of one page, in the document's order. */
export const fieldsOf = (doc, page) => [...places(doc)].filter((place) => place.page === page).map(({ item }) => item);

/** The place of a field, or undefined. */
export const find = (doc, id) => [...places(doc)].find(({ item }) => item._id === id);

/** The boxes of a field; of a table, its rows. */
export function boxesOf(item, kind) {
  if (kind === "marks") return (item.choices ?? []).map((choice) => choice.at);
  if (kind !== "table") return item.at ?? [];
  const [x, y, w, h] = extent(item.columns.flatMap((column) => boxesOf(column, kindOf(column))));
  return offsets(item).map((below) => [x, y + below, w, h]);
}

/** How far each row of a table lies below the first, mm. */
const offsets = ({ rows, pitch, tops }) =>
  tops?.length ? tops.map((top) => top - tops[0]) : Array.from({ length: rows }, (_, row) => row * (pitch ?? 0));

/** The boxes of a column in the rows below the first. */
export const repeated = (table, boxes) =>
  offsets(table).slice(1).flatMap((below) => boxes.map(([x, y, w, h]) => [x, y + below, w, h]));

/** Give a table rows: even ones have a pitch, others their own tops. */
function setRows(table, tops) {
  const pitch = tops.length > 1 ? (tops.at(-1) - tops[0]) / (tops.length - 1) : table.pitch;
  const even = tops.every((top, row) => Math.abs(top - tops[0] - row * pitch) <= EVEN);
  table.rows = tops.length;
  for (const key of ["pitch", "tops"]) delete table[key];
  if (!even) table.tops = tops.map(round);
  else if (pitch) table.pitch = Math.round(pitch * 1000) / 1000;
}

/** Give a table n rows; new ones follow the last at the same distance. */
export function setCount(table, n) {
  const tops = boxesOf(table, "table").map(([, y]) => y);
  const [, , , height] = boxesOf(table, "table")[0];
  const step = tops.length > 1 ? tops.at(-1) - tops.at(-2) : table.pitch ?? height + ROW_GAP;
  while (tops.length < n) tops.push(tops.at(-1) + step);
  setRows(table, tops.slice(0, n));
}

/** Put the rows of a table evenly. */
export function setPitch(table, pitch) {
  delete table.tops;
  table.pitch = pitch;
}

/** Put as many boxes as the field has; a table goes with its rows. */
export function place(item, kind, boxes) {
  if (kind === "table") {
    const [from] = boxesOf(item, kind);
    const moves = boxes[0].every((side, index) => index < 2 || Math.abs(side - from[index]) < EVEN);
    const to = moves ? [...boxes[0].slice(0, 2), ...from.slice(2)] : boxes[0];
    for (const column of item.columns)
      place(column, kindOf(column), stretched(boxesOf(column, kindOf(column)), to, from));
    return setRows(item, boxes.map(([, y]) => y));
  }
  const kept = boxes.map((box) => box.map(round));
  if (kind === "marks") item.choices.forEach((choice, index) => (choice.at = kept[index]));
  else item.at = kept;
  if ("cells" in item) item.cells = kept.length;
}

/** The box around boxes. */
export function extent(boxes) {
  const left = Math.min(...boxes.map(([x]) => x));
  const top = Math.min(...boxes.map(([, y]) => y));
  const right = Math.max(...boxes.map(([x, , w]) => x + w));
  const bottom = Math.max(...boxes.map(([, y, , h]) => y + h));
  return [left, top, right - left, bottom - top];
}

/** Boxes moved by dx, dy mm, kept whole on the page. */
export function moved(boxes, dx, dy, page) {
  const [x, y, w, h] = extent(boxes);
  const right = Math.min(Math.max(dx, -x), page.width - w - x);
  const down = Math.min(Math.max(dy, -y), page.height - h - y);
  return boxes.map(([left, top, width, height]) => [left + right, top + down, width, height]);
}

/** Boxes stretched as the box `from`, the one around them unless told, becomes `to`. */
export function stretched(boxes, to, from = extent(boxes)) {
  const [x, y, w, h] = from;
  const [right, down] = [to[2] / w, to[3] / h];
  return boxes.map((box) => [
    to[0] + (box[0] - x) * right,
    to[1] + (box[1] - y) * down,
    box[2] * right,
    box[3] * down,
  ]);
}

/** A box held on the page and not smaller than may be for n cells side by side. */
export function held([x, y, w, h], page, n = 1) {
  const width = Math.min(Math.max(w, LEAST * n), page.width);
  const height = Math.min(Math.max(h, LEAST), page.height);
  return [
    Math.min(Math.max(x, 0), page.width - width),
    Math.min(Math.max(y, 0), page.height - height),
    width,
    height,
  ];
}

/** A box split into n equal cells whose walls meet. */
export function split([x, y, w, h], n) {
  const walls = Array.from({ length: n + 1 }, (_, index) => round(x + (w * index) / n));
  return walls.slice(1).map((right, index) => [walls[index], y, round(right - walls[index]), h]);
}

/** A name that no field has yet: the stem and a number, counted from `first`. */
export function freeName(doc, stem, first) {
  const taken = new Set([...places(doc)].map(({ item }) => item.name));
  const base = stem.replace(/_\d+$/, "").slice(0, LONGEST_NAME - 4);
  for (let n = first; ; n++) if (!taken.has(`${base}_${n}`)) return `${base}_${n}`;
}

/** A new choice with a value that none of the others has. */
export function nextChoice(choices, at) {
  const taken = new Set(choices.map(({ value }) => value));
  let n = choices.length + 1;
  while (taken.has(`${n}`)) n++;
  return { value: `${n}`, label: both(`${n}`), at: at.map(round) };
}

/** Give a field one more choice; its tick box stands below the last one. */
export function addChoice(item, kind, page) {
  item.choices ??= [];
  const [[x, y, w, h]] = kind === "marks" ? boxesOf(item, kind).slice(-1) : [[0, 0, 1, 1]];
  const choice = nextChoice(item.choices, moved([[x, y, w, h]], 0, h + 2, page)[0]);
  if (kind !== "marks") delete choice.at;
  item.choices.push(choice);
}

/** A label with a new text in one language; the English follows until it is told apart. */
export const relabelled = (label, language, text) =>
  language === "id" && label.id === label.en ? both(text) : { ...label, [language]: text };

/** Put a new field behind those that are read before it; gives it its `_id`. */
export function insert(doc, page, item, kinds) {
  item._id = `f${++last}`;
  doc.pages[page] ??= { sections: [] };
  const { sections } = doc.pages[page];
  if (!sections.length) sections.push({ title: { id: `Halaman ${page + 1}`, en: `Page ${page + 1}` }, items: [] });
  const box = extent(boxesOf(item, kinds[item.type].kind));
  let [items, index] = [sections[0].items, 0];
  for (const here of places(doc)) {
    if (here.page !== page || here.table) continue;
    const boxes = boxesOf(here.item, kinds[here.item.type].kind);
    if (boxes.length && readBefore(extent(boxes), box)) [items, index] = [here.items, here.index + 1];
  }
  items.splice(index, 0, item);
  return item;
}

/** Put a new field into a table as a column, in the first row; gives it its `_id`. */
export function addColumn(table, item, kinds) {
  item._id = `f${++last}`;
  const { kind } = kinds[item.type];
  const boxes = boxesOf(item, kind);
  const rows = boxesOf(table, "table");
  const [x, y] = extent(boxes);
  const row = rows.findLastIndex(([, top, , height]) => top <= y + height / 2);
  place(item, kind, boxes.map(([left, top, w, h]) => [left, top - offsets(table)[Math.max(row, 0)], w, h]));
  const before = table.columns.filter((column) => extent(boxesOf(column, kindOf(column)))[0] <= x);
  table.columns.splice(before.length, 0, item);
  return item;
}

/** Make a field the first column of a new table with this many rows. */
export function tabulate(doc, id, name, rows) {
  const { item, items, index } = find(doc, id);
  const table = { name, type: "table", rows: 1, columns: [item], _id: `f${++last}` };
  const held = targets(doc, { item });
  forget(doc, { item });
  renameIn(doc, item.name, `${name}.${item.name}`);
  items[index] = table;
  setCount(table, rows);
  spread(doc, { item, table }, held);
  return table;
}

/** A copy below the field, or beside it where the page ends; of a column, beside it. */
export function duplicate(doc, id, page, kinds) {
  const { item, items, index, table } = find(doc, id);
  const { kind } = kinds[item.type];
  const copy = structuredClone(item);
  for (const one of [copy, ...(copy.columns?.map ? copy.columns : [])]) one._id = `f${++last}`;
  copy.name = freeName(doc, item.name, 2);
  const boxes = boxesOf(copy, kind);
  if (table) {
    place(copy, kind, moved(boxes, extent(boxes)[2] + 2, 0, page));
    items.splice(index + 1, 0, copy);
    return copy;
  }
  const height = extent(boxes)[3] + 2;
  const below = moved(boxes, 0, height, page);
  place(copy, kind, extent(below)[1] - extent(boxes)[1] < height - 0.01 ? moved(boxes, 3, -height, page) : below);
  items.splice(index + 1, 0, copy);
  return copy;
}

/** Take a field out, and its table or section if it was the last one there; rules and the register speak of it no more. */
export function remove(doc, id) {
  const here = find(doc, id);
  const { item, items, index, page, table } = here;
  if (table && items.length === 1) return remove(doc, table._id);
  const gone = [here, ...(isTable(item) ? item.columns.map((column) => ({ item: column, table: item })) : [])];
  for (const place of gone) forget(doc, place);
  if (isTable(item)) for (const entry of doc.register ?? []) if (entry.table === item.name) delete entry.table;
  const names = gone.map(fullName);
  if (doc.rules) doc.rules = doc.rules.filter((rule) => !rule.fields.some((name) => names.includes(name)));
  items.splice(index, 1);
  if (table) return;
  const { sections } = doc.pages[page];
  if (!items.length && sections.length > 1) doc.pages[page].sections = sections.filter((one) => one.items !== items);
}

/** Move a field one place earlier (-1) or later (+1) in the order of its page; whether it could. */
export function reorder(doc, id, step) {
  const here = find(doc, id);
  const order = [...places(doc)].filter(({ page, table }) => page === here.page && table === here.table);
  const other = order[order.findIndex(({ item }) => item._id === id) + step];
  if (!other) return false;
  [here.items[here.index], other.items[other.index]] = [other.item, here.item];
  return true;
}

/** Give a field, table or column a new name, in the rules and in the register too. */
export function rename(doc, item, name) {
  const here = find(doc, item._id);
  const former = fullName(here);
  const unique = [...places(doc)].filter((other) => fullName(other) === former).length === 1;
  const within = isTable(item) ? item.columns.map((column) => ({ item: column, table: item })) : [here];
  const names = within.map(fullName);
  const whole = () => {
    for (const entry of doc.register ?? []) if (isTable(item) && entry.table === former) entry.table = name;
    item.name = name;
    within.forEach((place, index) => renameIn(doc, names[index], fullName(place)));
  };
  if (unique) keptIn(doc, within, whole);
  else item.name = name;
}

/** Put one full name in the place of another wherever rules name it. */
function renameIn(doc, former, name) {
  for (const rule of doc.rules ?? []) rule.fields = rule.fields.map((one) => (one === former ? name : one));
}

/** Make a field another type; its boxes stay where they are as far as the type allows. */
export function retype(item, type, kinds) {
  const [from, to] = [kinds[item.type], kinds[type]];
  const boxes = boxesOf(item, from.kind);
  item.type = type;
  if (to.kind === "marks") {
    if (from.kind !== "marks") {
      item.choices = boxes.map((at, index) => ({ value: `${index + 1}`, label: both(`${index + 1}`), at }));
      for (const key of ["at", "cells", "words"]) delete item[key];
    }
    return;
  }
  for (const key of ["multiple", "filled", "columns"]) delete item[key];
  if (type !== "code") delete item.choices;
  else if (from.kind === "marks") for (const choice of item.choices) delete choice.at;
  item.at = boxes;
  if (to.kind !== "comb") {
    for (const key of ["cells", "words"]) delete item[key];
    item.at = [extent(boxes).map(round)];
  } else if (to.fixed && boxes.length !== to.cells) item.at = split(extent(boxes), to.cells);
  else if (from.kind !== "comb" && from.kind !== "marks") item.at = split(extent(boxes), to.cells);
  if ("cells" in item) item.cells = item.at.length;
}

/** One text for both languages. */
export const both = (text) => ({ id: text, en: text });

/** Stands for the form as a whole where others have the `_id` of a field. */
export const FORM = "form";

/**
 * What is wrong with the title, names, labels and choices: `_id` to a list of faults, each with the way (`at`)
 * from its field and the key (`word`) of its sentence.
 */
export function faults(doc) {
  const found = new Map();
  if (!doc.title.id.trim()) found.set(FORM, [{ at: ["title", "id"], word: "title_empty" }]);
  const names = [...places(doc)].map(fullName);
  for (const at of places(doc)) {
    const { item } = at;
    const here = [];
    if (!NAME.test(item.name)) here.push({ at: ["name"], word: "name_form" });
    else if (item.name.length > LONGEST_NAME) here.push({ at: ["name"], word: "name_long" });
    else if (names.filter((name) => name === fullName(at)).length > 1) here.push({ at: ["name"], word: "name_twice" });
    if (item.label && !item.label.id.trim()) here.push({ at: ["label", "id"], word: "label_empty" });
    const values = (item.choices ?? []).map(({ value }) => value);
    for (const [index, value] of values.entries()) {
      const at = ["choices", index, "value"];
      if (!VALUE.test(value) || value.length > LONGEST_VALUE) here.push({ at, word: "value_form" });
      else if (values.indexOf(value) !== index) here.push({ at, word: "value_twice" });
    }
    if (here.length) found.set(item._id, here);
  }
  return found;
}

/** Whether a person reads the first box before the second: higher, or left of it on one line. */
function readBefore([ax, ay, , ah], [bx, by, , bh]) {
  const apart = Math.abs(ay + ah / 2 - (by + bh / 2));
  return apart < Math.min(ah, bh) / 2 ? ax <= bx : ay + ah / 2 < by + bh / 2;
}
