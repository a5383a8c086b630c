// Who looks at the page: known to every view as `useMe()`.
import { get } from "./api.js";
import { createContext, useCallback, useContext, useEffect, useState } from "./dom.js";
import { isSignedIn, onChange } from "./session.js";

/**
 * @typedef {object} Me
 * @property {boolean} signedIn
 * @property {object | null} profile `GET /users/me`; null until it is here
 * @property {object | null} account `GET /auth/me`
 * @property {number} visit another number after each sign-in or sign-out
 * @property {() => Promise<void>} reload
 */
const Context = createContext(null);
export const MeProvider = Context.Provider;
/** @returns {Me} */
export const useMe = () => useContext(Context);

/** @returns {Me} */
export function useVisitor() {
  const nobody = { signedIn: isSignedIn(), profile: null, account: null };
  const [state, setState] = useState({ ...nobody, visit: 0 });
  const reload = useCallback(async () => {
    if (!isSignedIn()) return;
    const [profile, account] = await Promise.all([get("/users/me"), get("/auth/me")]);
    setState((before) => ({ ...before, profile: profile.data, account: account.data }));
  }, []);
  useEffect(() => {
    const refresh = () => reload().catch(() => {}); // whatever view is open says what is wrong
    refresh();
    return onChange(() => {
      setState(({ visit }) => ({ signedIn: isSignedIn(), profile: null, account: null, visit: visit + 1 }));
      refresh();
    });
  }, []);
  return { ...state, reload };
}
