// Short messages over the page. Views of the console show theirs with it too.
import { html, useEffect, useState } from "./dom.js";

let shout = () => {};

/** Shows a message for some seconds, and announces it to screen readers. */
export const say = (text) => shout(text);

export function Messages() {
  const [text, setText] = useState("");
  useEffect(() => {
    let timer;
    shout = (words) => {
      setText(words);
      clearTimeout(timer);
      timer = setTimeout(() => setText(""), 5000);
    };
  }, []);
  return html`<div class="messages" role="status" aria-live="polite">${text && html`<p>${text}</p>`}</div>`;
}
