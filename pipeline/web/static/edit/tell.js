/** Changing what is shown only where it is another. */

/** Set a node's text where it is another one. */
export const tell = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

/** Set an input's value, but leave alone what is being typed. */
export function put(input, value) {
  if (input.value === String(value)) return;
  if (document.activeElement === input && input.type === "number") return;
  input.value = value;
}
