// The browser's storage for this page. If site data are blocked, so that each access throws, the data are in this tab's
// memory until it is closed or reloaded.

/** The part of the Web Storage API that is used here. */
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
    return new Memory(); // a SecurityError; or a TypeError if a browser setting makes it null
  }
}

/** For all tabs, persistent. */
export const local = open("localStorage");
/** For this tab, also after a reload. */
export const tab = open("sessionStorage");
export const isBlocked = local instanceof Memory;

/** @returns {string[]} the keys, a copy, so that entries may be removed meanwhile */
export const namesIn = (storage) => Array.from({ length: storage.length }, (_, place) => storage.key(place));
