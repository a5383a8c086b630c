// What is being written, kept in this tab until it is sent: meanwhile the session may end, a link be followed, the page
// be loaded anew. It is its writer's alone, and gone when they sign out, in whatever tab, or somebody else signs in.
import { IdempotencyKey } from "./api.js";
import { local, namesIn, tab } from "./storage.js";

const PREFIX = "trivium.draft ";
const LEFT = "trivium.left"; // written for other tabs to notice: they keep what they hold apart from this one

/** By the names of drafts. Kept as long as the words, so that coming back to them and sending again makes no second one. */
const idempotencyKeys = new Map();

/** The words of `owner`, an account's id, at one place of the page; `base` is the ETag of what they are to change. */
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

  /** Of what was read when the words were begun: a newer version has to be noticed, also after coming back. */
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
      // The tab's 5 MB are full: the words are in their form still, and can be sent.
    }
  }

  drop() {
    tab.removeItem(this.#name);
    idempotencyKeys.delete(this.#name);
  }
}

/** Somebody is signed in: what others have written here is none of theirs. */
export function dropAllBut(owner) {
  const foreign = (name) => name.startsWith(PREFIX) && !name.startsWith(`${PREFIX}${owner} `);
  for (const name of namesIn(tab).filter(foreign)) tab.removeItem(name);
  for (const name of [...idempotencyKeys.keys()].filter(foreign)) idempotencyKeys.delete(name);
}

/** Somebody has signed out themselves, here. A session that just ended keeps its words for when they are back. */
export function dropEverywhere() {
  dropAllBut(null);
  local.setItem(LEFT, Date.now());
}

addEventListener("storage", ({ key }) => key === LEFT && dropAllBut(null));
