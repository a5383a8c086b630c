// What a view shows and where it comes from: one thing, or a list page by page.
import { get } from "./api.js";
import { useCallback, useEffect, useRef, useState } from "./dom.js";

/**
 * One thing; `reload` tells whether it came.
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

/**
 * A list, of which `more` gets the next page by the cursor that came with the one before.
 * @returns {{items: any[] | null, problem, hasMore: boolean, busy: boolean, more: () => void, change: (change) => void}}
 *   `items` is null until there is something, or it is known that there is nothing: a page may be empty, or be emptied by
 *   a change, while others wait; the next is got then. `change` takes old items to new ones.
 */
export function usePages(path, query = {}) {
  const address = JSON.stringify([path, query]);
  const wanted = useRef(address);
  wanted.current = address;
  const start = { items: null, cursor: null, problem: null, busy: true };
  const [state, setState] = useState(start);

  async function load(cursor) {
    try {
      const { data } = await get(path, { ...query, cursor });
      if (wanted.current !== address) return;
      setState(({ items }) => {
        const known = new Set((items ?? []).map((item) => item.id ?? item.name));
        const fresh = data.items.filter((item) => !known.has(item.id ?? item.name));
        return { items: [...(items ?? []), ...fresh], cursor: data.next_cursor, problem: null, busy: false };
      });
    } catch (problem) {
      if (wanted.current === address) setState((before) => ({ ...before, problem, busy: false }));
    }
  }

  useEffect(() => {
    setState(start);
    load(null);
  }, [address]);

  const more = () => {
    setState((before) => ({ ...before, problem: null, busy: true }));
    load(state.cursor);
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
