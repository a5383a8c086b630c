// Views whose modules are loaded when they are first shown.
import { html, useEffect, useState } from "./dom.js";
import { Unreachable } from "./http.js";
import { isBlocked, tab } from "./storage.js";
import { Pending } from "./ui.js";

const RELOADED = "trivium.reloaded";

/**
 * Views by their names, all from the module that `load` imports. After a failure the page is loaded again: there may be
 * a new version, with other files. This happens by itself once in a tab, if the server answers; then on a click.
 * @param {() => Promise<Record<string, Function>>} load
 * @returns {(name: string, quiet?: boolean) => Function} `quiet`: nothing is shown while it loads, nor after a failure
 */
export function lazy(load) {
  let views = null;
  return (name, quiet = false) => function Lazy(props) {
    const [, setLoaded] = useState(Boolean(views));
    const [problem, setProblem] = useState(null);
    useEffect(() => {
      const show = (loaded) => {
        views = loaded;
        setLoaded(true);
      };
      let isLeft = false;
      const fail = async () => {
        if (quiet || !(await mayReload()) || isLeft) return setProblem(new Unreachable());
        tab.setItem(RELOADED, "1");
        location.reload();
      };
      Promise.resolve(views ?? load()).then(show, fail);
      return () => (isLeft = true);
    }, []);
    if (views) return html`<${views[name]} ...${props} />`;
    return !quiet && html`<${Pending} problem=${problem} retry=${() => location.reload()} tall />`;
  };
}

/** Whether a new version may be there to load, and this tab has not tried yet. Offline, a reload would lose the page. */
async function mayReload() {
  if (isBlocked || tab.getItem(RELOADED)) return false;
  return fetch("/", { method: "HEAD", cache: "no-store" }).then(({ ok }) => ok, () => false);
}
