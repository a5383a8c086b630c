// Where the browser keeps things for this page. Where it keeps none (site data are blocked, so that each access throws),
// they are in the memory of this tab until it is closed or loaded anew.

/** As much of Web Storage as is used here. */
class Memory {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key(place) {
    return [...this.#items.keys()][place] ?? null;
  }

  getItem(name) {
    return this.#items.get(name) ?? null;
  }

  setItem(name, text) {
    this.#items.set(name, String(text));
  }

  removeItem(name) {
    this.#items.delete(name);
  }
}

function open(name) {
  try {
    const storage = globalThis[name];
    storage.getItem("");
    return storage;
  } catch {
    return new Memory(); // a SecurityError; a TypeError where a setting of the browser makes it null
  }
}

/** For all tabs, and for tomorrow. */
export const local = open("localStorage");
/** For this tab, also when it is loaded anew. */
export const tab = open("sessionStorage");
export const isBlocked = local instanceof Memory;

/** @returns {string[]} the names of what is kept, which may be removed meanwhile */
export const namesIn = (storage) => Array.from({ length: storage.length }, (_, place) => storage.key(place));
