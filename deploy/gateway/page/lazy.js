// Views whose modules are loaded when they are first shown.
import { html, useEffect, useState } from "./dom.js";
import { Unreachable } from "./http.js";
import { Pending } from "./ui.js";

/**
 * Views by their names, all from the module that `load` imports. After a failure the page is loaded again: there may be
 * a new version, with other files.
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
      Promise.resolve(views ?? load()).then(show, () => setProblem(new Unreachable()));
    }, []);
    if (views) return html`<${views[name]} ...${props} />`;
    return !quiet && html`<${Pending} problem=${problem} retry=${() => location.reload()} tall />`;
  };
}
