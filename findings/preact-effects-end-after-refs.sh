#!/usr/bin/env bash
# preact 11.2.0: when a component is removed, its refs are empty at once, but its effects end only after the next paint.
# In between, listeners that an effect has added still run, and find `ref.current` null. In preact 10.29.8 an effect ends
# in the removal itself, before the refs are emptied.
# Seen on 2026-11-30 (Node 20.20.2, linkedom 0.18.15): "11.2.0: the listener ran, and the ref was null".
# Why it matters here: a click on "Sign out" removes the menu, and went on to the menu's own listener, which failed.
# Needs node and npm. Exits non-zero when 11.2.0 behaves otherwise, or 10.29.8 does so too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >try.mjs <<'JS'
import { h, render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { parseHTML } from "linkedom";

const { document } = parseHTML("<!doctype html><body></body>");
globalThis.document = document;
const target = new EventTarget();
let said = "the listener did not run";
function Menu() {
  const menu = useRef(null);
  useEffect(() => {
    const look = () => (said = `the listener ran, and the ref was ${menu.current === null ? "null" : "set"}`);
    target.addEventListener("click", look);
    return () => target.removeEventListener("click", look);
  }, []);
  return h("div", { ref: menu });
}
render(h(Menu), document.body);
await new Promise((done) => setTimeout(done, 200)); // the effect has begun
render(null, document.body);
target.dispatchEvent(new Event("click"));
console.log(said);
JS
for version in 10.29.8 11.2.0; do
    mkdir "$version"
    npm install --silent --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --prefix "$version" \
        "preact@$version" linkedom@0.18.15 >log 2>&1 || { cat log; exit 2; }
    cp try.mjs "$version"
    echo "$version: $(node "$version/try.mjs")" | tee -a said
done
printf '%s\n' '10.29.8: the listener did not run' '11.2.0: the listener ran, and the ref was null' | diff - said ||
    { echo 'the behaviour has changed'; exit 1; }
