// The choice between three themes, on the page and in the console. start.js reads it before the first rendering.
import { useState } from "./dom.js";
import { local } from "./storage.js";

const THEMES = { system: "as the system", light: "light", dark: "dark" };

/** What a button says, and what it does: it turns to the next theme. */
export function useTheme() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme);
  const names = Object.keys(THEMES);
  function turn() {
    const next = names[(names.indexOf(theme) + 1) % names.length];
    document.documentElement.dataset.theme = next;
    local.setItem("trivium.theme", next);
    setTheme(next);
  }
  return { text: `Colours: ${THEMES[theme] ?? theme}`, turn };
}
