// What the page draws with: Preact and its hooks, and `html` for templates. Values in a template become text, never
// markup, whatever they hold.
import { createContext, h, render } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
export { createContext, render };
export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
