// The password that confirms a change. An account without one confirms in the dialog of `step-up.js`, if the server wants it.
import { html } from "../dom.js";
import { Password } from "../form.js";
import { useMe } from "../me.js";

export const useHasPassword = () => useMe().account?.has_password !== false;

/** The field of a form whose request may leave `password` out. */
export function OwnPassword({ label = "Your password" }) {
  return useHasPassword() && html`<${Password} label=${label} />`;
}
