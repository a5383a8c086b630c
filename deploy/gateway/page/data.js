// Loads the data of views: a single resource, or a list page by page.
import { get } from "./api.js";
import { useCallback, useEffect, useMemo, useRef, useState } from "./dom.js";
import { listsHere } from "./entries.js";

const LONGEST_PAGE = 100; // the API's limit

/**
 * A single resource; `reload` returns whether it was loaded.
 * @returns {{data, etag, problem, reload: () => Promise<boolean>, show: (data, etag?: string) => void}}
 */
export function useThing(path) {
  const [state, setState] = useState({ data: null, etag: null, problem: null });
  const wanted = useRef(path);
  wanted.current = path;
  const reload = useCallback(async () => {
    try {
      const answer = await get(path);
      if (wanted.current === path) setState({ ...answer, problem: null });
      return true;
    } catch (problem) {
      if (wanted.current === path) setState({ data: null, etag: null, problem });
      return false;
    }
  }, [path]);
  useEffect(() => {
    setState({ data: null, etag: null, problem: null });
    reload();
  }, [reload]);
  const show = (data, etag = state.etag) => setState({ data, etag, problem: null });
  return { ...state, reload, show };
}

/** @typedef {{items: any[] | null, cursor: string | null, problem: Error | null, busy: boolean}} Loaded */

/** What tells an item from others of its list; parked events need three fields. */
const keyOf = ({ id, name, target, type, subject }) => id ?? name ?? `${target} ${type} ${subject}`;

/** @returns {Loaded} with the page's items appended, without duplicates: a list may shift between two pages */
function grown(items, page) {
  const known = new Set(items.map(keyOf));
  const fresh = page.items.filter((item) => !known.has(keyOf(item)));
  return { items: [...items, ...fresh], cursor: page.next_cursor, problem: null, busy: false };
}

/**
 * A list; `more` loads the next page by the previous page's cursor. When the user navigates back to an entry of the history,
 * its items are shown at once, and the same number is reloaded.
 * @returns {{items: any[] | null, problem, hasMore: boolean, busy: boolean, more: () => void, change: (change) => void}}
 *   `items` is null until the first item, or until the list is known to be empty. If a page is empty, or becomes empty by
 *   a change, the next one is loaded. `change` maps old items to new ones.
 */
export function usePages(path, query = {}) {
  const address = JSON.stringify([path, query]);
  const wanted = useRef(address);
  wanted.current = address;
  const lists = useMemo(listsHere, [address]); // those of the current entry, which may be another one at the next rendering
  const start = { items: null, cursor: null, problem: null, busy: true, ...lists.get(address) };
  const [state, setState] = useState(start);
  const last = useRef(null); // for a retry after a failure

  /** @param {(read: (page: object) => Promise<object>) => Promise<(before: Loaded) => Loaded>} how */
  async function load(how) {
    last.current = how;
    let next;
    try {
      next = await how(async (page) => (await get(path, { ...query, ...page })).data);
    } catch (problem) {
      next = (before) => ({ ...before, problem, busy: false });
    }
    if (wanted.current === address) setState(next);
  }

  const goOn = (cursor) => async (read) => {
    const page = await read({ cursor });
    return ({ items }) => grown(items ?? [], page);
  };
  const again = (count) => async (read) => {
    let all = { items: [], cursor: null };
    do {
      const limit = Math.min(count - all.items.length, LONGEST_PAGE);
      all = grown(all.items, await read({ cursor: all.cursor, limit }));
    } while (all.cursor && all.items.length < count);
    return () => all;
  };

  useEffect(() => {
    setState(start);
    load(start.items?.length ? again(start.items.length) : goOn(null));
  }, [address]);
  useEffect(() => {
    if (state.items) lists.set(address, { items: state.items, cursor: state.cursor });
  }, [state]);

  const more = () => {
    setState((before) => ({ ...before, problem: null, busy: true }));
    load(state.problem ? last.current : goOn(state.cursor));
  };
  const change = (how) => setState((before) => ({ ...before, items: before.items && how(before.items) }));

  const { items, cursor, problem, busy } = state;
  const hasMore = cursor !== null;
  const isEmptied = hasMore && items?.length === 0;
  const goesOn = isEmptied && !busy && !problem;
  useEffect(() => {
    if (goesOn) more();
  }, [goesOn]);
  return { items: isEmptied ? null : items, problem, hasMore: hasMore && !isEmptied, busy, more, change };
}
