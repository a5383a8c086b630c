// A change that was refused by 412: somebody else was faster, or the same user in another tab.
import { html } from "../dom.js";

export function Changed({ onLoad }) {
  return html`<div class="notice bad" role="alert">
    <p>Somebody changed it meanwhile, so nothing was saved. Your words are still here: copy what you need, then load
      the newer version.</p>
    <button class="button small" type="button" onClick=${onLoad}>Load the newer version</button>
  </div>`;
}
