// Calls of the console's own server.
import { useCallback, useEffect, useState } from "/page/dom.js";

const EVERY = 2000;

export class Problem extends Error {}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(`/api/${path}`, options);
  } catch {
    throw new Problem("The console does not answer. Is the stack stopped? `make status` tells.");
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(body?.detail ?? `The console answered ${answer.status}.`);
  return body;
}

/** @returns {Promise<string>} what was done */
export const act = async (name, what) => (await ask(`processes/${encodeURIComponent(name)}/${what}`, { method: "POST" })).done;

/** What is at a path now, and again every two seconds, unless `held` or the tab is hidden. */
export function useData(path, filters = {}, held = false) {
  const [state, setState] = useState({ data: null, problem: null });
  const query = new URLSearchParams(filters).toString();
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    let ended = false;
    let timer;
    async function load() {
      if (!document.hidden) {
        try {
          const data = await ask(query ? `${path}?${query}` : path);
          if (!ended) setState({ data, problem: null });
        } catch (problem) {
          if (!ended) setState((before) => ({ ...before, problem }));
        }
      }
      if (!ended && !held) timer = setTimeout(load, EVERY);
    }
    load();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [path, query, held, turn]);
  return { ...state, again };
}
