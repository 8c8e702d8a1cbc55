/**
 * What goes into the register: which field becomes which attribute of whom. No screen, no server.
 *
 * The document's entries stay as they came but for what is changed. A target says what a field becomes:
 * `{entry, entity, table, attribute}`, where `entry` is null for one that is not there yet, and `table` the
 * name of the table whose every row is one.
 */

const FREE = "facts.";

/** The entities as the server tells them, in the order in which entries stand. */
let rules = [];

/**
 * Learn what the register keeps: `[{entity, label, needs, rows, facts, counted, attributes: [{name, label, hint, types, longest}]}]`;
 * `rows` where each row of a table may be one, `facts` where it keeps what else is told, `counted` (`{label, types}`)
 * where columns are counted.
 */
export const learn = (told) => {
  rules = told;
};

/** Whether the register keeps an attribute without knowing it. */
export const isFree = (attribute) => attribute.startsWith(FREE);

const entriesOf = (doc) => doc.register ?? [];
const ruleOf = (entity) => rules.find((rule) => rule.entity === entity);

/** Whether an entry's name for a field means what stands at a place: a column of its table, else a field of the form. */
function means(doc, entry, name, { item, table }) {
  if (table) return name === (entry.table === table.name ? item.name : `${table.name}.${item.name}`);
  return name === item.name && !columnsOf(doc, entry.table).includes(name);
}

function columnsOf(doc, table) {
  if (!table) return [];
  const items = doc.pages.flatMap(({ sections }) => sections.flatMap((section) => section.items));
  return items.find((item) => item.type === "table" && item.name === table)?.columns.map(({ name }) => name) ?? [];
}

/** What a field becomes, in the order of the entries. */
export const targets = (doc, place) =>
  entriesOf(doc).flatMap((entry) =>
    Object.entries(entry.map)
      .filter(([, name]) => means(doc, entry, name, place))
      .map(([attribute]) => ({ entry, entity: entry.entity, table: entry.table ?? null, attribute })),
  );

/** What the field at a place may become: groups with a label, their options each with a target, its label and who has it. */
export function offers(doc, place, words) {
  const groups = rules.flatMap((rule) => groupsOf(doc, place, rule, words));
  const free = groups.filter(({ entry, rule }) => entry && rule.facts).map((group) => freely(group, place));
  const fitting = groups.map((group) => ({ ...group, options: optionsOf(group, place) }));
  return [...fitting, { label: words("goes_free"), options: free }].filter(({ options }) => options.length);
}

/** The entries of one entity that a field may speak for, and one that is not there yet. */
function groupsOf(doc, place, rule, words) {
  const { item, table } = place;
  const { entity } = rule;
  const all = entriesOf(doc).filter((entry) => entry.entity === entity);
  const named = (entry, label = rule.label) => ({ rule, entry, table: entry.table ?? null, label });
  const fresh = (name, label = rule.label) => ({ rule, entry: null, table: name, label });
  if (table) {
    const here = all.filter((entry) => entry.table === table.name || (rule.counted && !entry.table));
    const may = rule.rows || (rule.counted && !all.length);
    return here.length || !may ? here.map((entry) => named(entry)) : [fresh(table.name)];
  }
  const alone = all.filter((entry) => !entry.table || rule.counted);
  const inRows = all.filter((entry) => !alone.includes(entry) && !columnsOf(doc, entry.table).includes(item.name));
  const groups = alone.map((entry, n) => named(entry, alone.length > 1 ? `${rule.label} ${n + 1}` : rule.label));
  // Another person is one more only where the first is somebody without this field.
  const others = (entry) => Object.entries(entry.map).filter(([, name]) => !means(doc, entry, name, place));
  const told = (entry) => isTold({ ...entry, map: Object.fromEntries(others(entry)) }, rule);
  const another = entity === "person" && alone.length && alone.every(told);
  if (!alone.length && (entity === "person" || !all.length)) groups.push(fresh(null));
  for (const entry of inRows) groups.push(named(entry, words("goes_rows", { entity: rule.label, table: entry.table })));
  if (another) groups.push(fresh(null, words("goes_another", { entity: rule.label })));
  return groups;
}

const isTold = ({ map, constants = {} }, { needs }) => needs.some((name) => name in map || name in constants);

const optionsOf = (group, place) => {
  const { rule, entry, table } = group;
  if (rule.counted && place.table) return countedOf(group, place);
  return rule.attributes
    .filter(({ types, longest }) => types.includes(place.item.type) && !(longest && place.item.at?.length > longest))
    .map(({ name, label }) => ({ target: { entry, entity: rule.entity, table, attribute: name }, label, taken: entry?.map[name] ?? null }));
};

/** A column of a visit's table is counted, under its own name unless that means something else of the visit. */
const countedOf = ({ rule: { entity, counted, attributes }, entry }, { item, table }) => {
  if (!counted.types.includes(item.type)) return [];
  const map = entry?.map ?? {};
  const known = attributes.some(({ name }) => name === item.name) || item.name in map;
  const attribute = Object.keys(map).find((key) => map[key] === item.name) ?? (known ? `jumlah_${item.name}` : item.name);
  return [{ target: { entry, entity, table: table.name, attribute }, label: counted.label, taken: map[attribute] ?? null }];
};

const freely = ({ rule, entry, table, label }, { item }) => {
  const attribute = Object.entries(entry.map).find(([key, name]) => isFree(key) && name === item.name)?.[0] ?? FREE + item.name;
  return { target: { entry, entity: rule.entity, table, attribute }, label, taken: entry.map[attribute] ?? null };
};

/** Whether two targets are one. */
export const same = (one, other) =>
  one.entry === other.entry && one.entity === other.entity && one.attribute === other.attribute;

/** The office's words for a target, and what is to be known of it. */
export function told({ entity, attribute }) {
  const { attributes, counted } = ruleOf(entity);
  const known = attributes.find(({ name }) => name === attribute);
  return known ?? { label: isFree(attribute) ? attribute.slice(FREE.length) : counted.label, hint: "" };
}

/** Let the field at a place become another target, or none, in the place of one it had, or of none. */
export function assign(doc, place, from, to) {
  if (from) delete from.entry.map[from.attribute];
  if (to) {
    const entry = to.entry ?? added(doc, to);
    if (place.table && ruleOf(to.entity).counted) entry.table = place.table.name;
    entry.map[to.attribute] = nameIn(entry, place);
  }
  if (from) settle(doc, [from.entry]);
}

const nameIn = (entry, { item, table }) => (table && entry.table !== table.name ? `${table.name}.${item.name}` : item.name);

/** Take a field, or a table with its columns, out of the register. */
export function forget(doc, place) {
  const entries = targets(doc, place).map(({ entry, attribute }) => {
    delete entry.map[attribute];
    return entry;
  });
  settle(doc, entries);
}

/** Do what gives a field, or some, another name or place; what they become stays, as far as the register may have it. */
export function kept(doc, places, work) {
  const held = places.map((place) => targets(doc, place));
  work();
  for (const [index, place] of places.entries())
    for (const { entry, attribute } of held[index]) entry.map[attribute] = nameIn(entry, place);
}

/** A field has become a column: what it was of one, it is of each row, where rows may be such. */
export function spread(doc, place, held) {
  for (const { entity, attribute } of held)
    if (ruleOf(entity).rows) {
      const entry = entriesOf(doc).find((one) => one.entity === entity && one.table === place.table.name) ?? null;
      assign(doc, place, null, { entry, entity, table: place.table.name, attribute });
    }
}

/** A new entry where its entity belongs: people after the household that they live in. */
function added(doc, { entity, table }) {
  doc.register ??= [];
  const rank = (one) => 2 * rules.findIndex((rule) => rule.entity === one.entity) + (one.table ? 1 : 0);
  const entry = table ? { entity, table, map: {} } : { entity, map: {} };
  const at = doc.register.findIndex((one) => rank(one) > rank(entry));
  doc.register.splice(at < 0 ? doc.register.length : at, 0, entry);
  if (table) absorb(doc, entry);
  return entry;
}

/** What was said of nobody yet holds for each row, once the rows say who. */
function absorb(doc, entry) {
  const rule = ruleOf(entry.entity);
  if (!rule.needs.length) return;
  for (const other of [...doc.register]) {
    if (other === entry || other.entity !== entry.entity || other.table || isTold(other, rule)) continue;
    Object.assign(entry.map, other.map);
    if (other.constants) entry.constants = { ...entry.constants, ...other.constants };
    doc.register.splice(doc.register.indexOf(other), 1);
  }
}

/** Of entries that lost something: rows that say nothing of their own are rows no longer; what says nothing is gone. */
function settle(doc, entries) {
  for (const entry of entries) {
    const columns = columnsOf(doc, entry.table);
    if (!Object.values(entry.map).some((name) => columns.includes(name))) delete entry.table;
    if (!Object.keys(entry.map).length && !entry.constants) doc.register = doc.register.filter((one) => one !== entry);
  }
  if (doc.register && !doc.register.length) delete doc.register;
}

/** The section as it goes back: an entry that nothing is mapped to says nothing. */
export function said(register) {
  const saying = register?.filter(({ map }) => Object.keys(map).length);
  return saying?.length ? saying : undefined;
}

/** The field that a way through the register leads to, by its entry as it was sent. */
export function placeOf(doc, [, index, , attribute], sent, all) {
  const entry = sent?.[index];
  const name = entry && (entry.map[attribute] ?? Object.values(entry.map)[0]);
  return entry && all.find((place) => means(doc, entry, name, place));
}
