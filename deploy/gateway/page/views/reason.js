// The dialog that asks an admin why; the reason stays in the audit trail.
import { html, useEffect, useRef } from "../dom.js";
import { Field, Form, Submit } from "../form.js";

/**
 * @param {object} props
 * @param {(reason: string) => Promise<void>} props.send its errors are shown
 * @param {() => void} props.onEnd after it was sent, or cancelled
 */
export function AskReason({ title, action, danger = false, send, onEnd, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
    dialog.current.querySelector("input").focus();
  }, []);

  async function act({ reason }) {
    await send(reason.trim());
    onEnd();
  }

  return html`<dialog ref=${dialog} aria-labelledby="reason-title" onClose=${onEnd}>
    <h2 id="reason-title">${title}</h2>
    <p>${children}</p>
    <${Form} send=${act} label=${title}>
      <${Field} label="Reason" name="reason" required maxlength="200" autocomplete="off"
        hint="It stays in the audit trail for good: name a ticket, and nobody's private data." />
      <div class="row end">
        <button class="button" type="button" onClick=${() => dialog.current.close()}>Cancel</button>
        <${Submit} class="button ${danger ? "danger" : "primary"}">${action}<//>
      </div>
    <//>
  </dialog>`;
}
