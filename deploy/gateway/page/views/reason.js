// The dialog that asks an admin why; the reason stays in the audit trail.
import { html } from "../dom.js";
import { Field, Form, Submit } from "../form.js";
import { CancelOr, Dialog } from "../ui.js";

/**
 * @param {object} props
 * @param {(reason: string) => Promise<void>} props.send its errors are shown
 * @param {() => void} props.onEnd after it was sent, or cancelled
 */
export function AskReason({ title, action, danger = false, send, onEnd, children }) {
  async function act({ reason }) {
    await send(reason.trim());
    onEnd();
  }

  return html`<${Dialog} title=${title} onEnd=${onEnd}>
    <p>${children}</p>
    <${Form} send=${act} label=${title}>
      <${Field} label="Reason" name="reason" required maxlength="200" autocomplete="off"
        hint="It stays in the audit trail for good: name a ticket, and nobody's private data." />
      <${CancelOr}><${Submit} class="button ${danger ? "danger" : "primary"}">${action}<//><//>
    <//>
  <//>`;
}
