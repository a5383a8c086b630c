// Unsent input, kept in this tab until it is sent. It survives the end of the session, navigation and reloads. Only its
// author sees it: it is deleted when they sign out in any tab, or when somebody else signs in.
import { IdempotencyKey } from "./api.js";
import { local, namesIn, tab } from "./storage.js";

const PREFIX = "trivium.draft ";
const LEFT = "trivium.left"; // notifies other tabs, which have their own storage

/** Idempotency keys, by draft. Kept as long as the input, so that sending it again later creates nothing twice. */
const idempotencyKeys = new Map();

/** Input of `owner`, an account's id, in one form of the page; `base` is the ETag of the resource that it changes. */
export class Draft {
  #name;
  #base;

  constructor(owner, place, base = null) {
    [this.#name, this.#base] = [`${PREFIX}${owner} ${place}`, base];
  }

  #read() {
    return JSON.parse(tab.getItem(this.#name));
  }

  /** @returns {Record<string, string> | null} the form's fields by name, if any were kept */
  get fields() {
    return this.#read()?.fields ?? null;
  }

  /** The ETag at the start of the input, so that a newer version is noticed, also after a return. */
  get base() {
    return this.#read()?.base ?? this.#base;
  }

  get idempotencyKey() {
    if (!idempotencyKeys.has(this.#name)) idempotencyKeys.set(this.#name, new IdempotencyKey());
    return idempotencyKeys.get(this.#name);
  }

  keep(fields) {
    const written = { fields, base: this.base };
    const isBlank = !Object.values(fields).some((words) => words.trim());
    if (isBlank) return tab.removeItem(this.#name);
    try {
      tab.setItem(this.#name, JSON.stringify(written));
    } catch {
      // The tab's 5 MB are full: the input is still in its form, and can be sent.
    }
  }

  drop() {
    tab.removeItem(this.#name);
    idempotencyKeys.delete(this.#name);
  }
}

/** After a sign-in: delete other people's input. */
export function dropAllBut(owner) {
  const foreign = (name) => name.startsWith(PREFIX) && !name.startsWith(`${PREFIX}${owner} `);
  for (const name of namesIn(tab).filter(foreign)) tab.removeItem(name);
  for (const name of [...idempotencyKeys.keys()].filter(foreign)) idempotencyKeys.delete(name);
}

/** After a sign-out by the user in this tab. If the session merely ends, the input stays until they return. */
export function dropEverywhere() {
  dropAllBut(null);
  local.setItem(LEFT, Date.now());
}

addEventListener("storage", ({ key }) => key === LEFT && dropAllBut(null));
