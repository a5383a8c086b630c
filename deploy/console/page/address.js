// The address's fragment: `#/logs?level=error` is the view `logs` with a filter.

/** @returns {{path: string[], filters: Record<string, string>}} */
export function here() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: (path || "processes").split("/").map(decodeURIComponent), filters: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a view; empty filters are left out. */
export function link(path, filters = {}) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString();
  return `#/${path}${query && `?${query}`}`;
}

/** Change some filters of the view that is shown; the browser's history gets no further entry. */
export function filter(changed) {
  const { path, filters } = here(); // those of now: a text field tells its text later
  location.replace(link(path.join("/"), { ...filters, ...changed }));
}
