// The current user, for every view by `useMe()`.
import { get } from "./api.js";
import { createContext, useCallback, useContext, useEffect, useRef, useState } from "./dom.js";
import { dropAllBut, dropEverywhere } from "./drafts.js";
import { isSignedIn, onChange } from "./session.js";

/**
 * @typedef {object} Me
 * @property {boolean} signedIn
 * @property {object | null} profile `GET /users/me`; null until it is loaded
 * @property {object | null} account `GET /auth/me`; either may load or fail without the other
 * @property {Error | null} problem why one of them could not be loaded; it is retried automatically, and by `reload`
 * @property {number} visit changes with each sign-in or sign-out
 * @property {() => Promise<void>} reload never throws
 */
const Context = createContext(null);
export const MeProvider = Context.Provider;
/** @returns {Me} */
export const useMe = () => useContext(Context);

/** The roles that an admin can give. */
export const ROLES = ["moderator", "admin"];
/** What the page shows to an account, which may not be loaded yet. The API decides what it may do. */
export const isAdmin = (account) => Boolean(account?.roles.includes("admin"));
export const moderates = (account) => Boolean(account?.roles.some((role) => role === "moderator" || role === "admin")); // only with posts

const FIRST_PAUSE_S = 1;
const LONGEST_PAUSE_S = 30;

/** @returns {Me} */
export function useVisitor() {
  const nobody = { signedIn: isSignedIn(), profile: null, account: null, problem: null };
  const [state, setState] = useState({ ...nobody, visit: 0 });
  const turn = useRef(0); // only the latest reload counts: it may be for another user
  const timer = useRef(null);

  const reload = useCallback(async (pause = FIRST_PAUSE_S) => {
    const mine = ++turn.current;
    clearTimeout(timer.current);
    if (!isSignedIn()) return;
    const ask = async (name, path) => {
      const { data } = await get(path);
      if (mine !== turn.current) return;
      dropAllBut(data.id);
      setState((before) => ({ ...before, [name]: data }));
    };
    let problem = null;
    try {
      await Promise.all([ask("profile", "/users/me"), ask("account", "/auth/me")]);
    } catch (caught) {
      problem = caught;
    }
    if (mine !== turn.current) return;
    setState((before) => ({ ...before, problem }));
    const wait = Math.max(pause, problem?.retryAfter ?? 0);
    if (problem) timer.current = setTimeout(() => reload(Math.min(2 * pause, LONGEST_PAUSE_S)), wait * 1000);
  }, []);

  useEffect(() => {
    reload();
    return onChange((left) => {
      if (left) dropEverywhere();
      setState(({ visit }) => ({ ...nobody, signedIn: isSignedIn(), visit: visit + 1 }));
      reload();
    });
  }, []);
  return { ...state, reload: () => reload() };
}
