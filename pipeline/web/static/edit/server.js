/** What goes to the server and what it answers. */

const ask = async (options = {}) => {
  const response = await fetch("draft", { ...options, headers: { ...options.headers, Accept: "application/json" } });
  const json = response.headers.get("Content-Type")?.startsWith("application/json");
  return { status: response.status, told: json ? await response.json() : {} };
};

/** The draft. */
export const load = () => ask();

/** Save a definition that was changed from the file with this stamp. */
export const save = (definition, stamp, asNext, token) =>
  ask({
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ definition, stamp, as_next: asNext }),
  });
