// Forms: they send their input once, and show errors beside the fields.
import { createContext, html, useContext, useEffect, useId, useRef, useState } from "./dom.js";
import { limit, ProblemNotice, useCountdown } from "./ui.js";

const Errors = createContext({});
const EnteredValues = createContext(null);

/** Problems of one field that have no `errors`: their fields, of which the first in the form gets the message. */
const FIELDS_OF = {
  "api-key-name-taken": ["name"],
  "email-taken": ["email"],
  "weak-password": ["new_password", "password"],
  "wrong-password": ["current_password", "password"],
  "wrong-code": ["code", "recovery_code"],
};

/** Messages by the names of the form's fields; empty if the problem concerns none of them. */
function byField(problem, form) {
  const found = {};
  const has = (name) => form.elements.namedItem(name);
  for (const { loc, msg } of problem.errors ?? []) if (has(loc[1])) found[loc[1]] ??= sentence(msg);
  const field = FIELDS_OF[problem.code]?.find(has);
  if (field) found[field] = problem.message;
  return found;
}

/** Rewrites the server's messages for programs, "Value error, must be …" and "String should have …". */
function sentence(text) {
  const plain = text.replace(/^Value error, /, "").replace(/^(String|Value|List) should/, "This should");
  return `${plain[0].toUpperCase()}${plain.slice(1)}${/[.!]$/.test(plain) ? "" : "."}`;
}

/**
 * @param {object} props
 * @param {(values: Record<string, string>) => Promise<void>} props.send gets the fields by name, and the name and value
 *   of the pressed button; its errors are shown
 * @param {(problem: Error) => any} [props.explain] a special notice for some problems; false for the usual one
 * @param {import("./drafts.js").Draft} [props.draft] keeps the input until `send` has sent and dropped it
 */
export function Form({ send, explain = () => false, draft = null, label, children, class: kind = "" }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [kept, setKept] = useState(() => draft?.fields);
  const form = useRef(null);
  const left = useCountdown(problem);
  const errors = problem ? byField(problem, form.current) : {};

  async function submit(event) {
    event.preventDefault();
    if (busy || left) return;
    setBusy(true);
    setProblem(null);
    try {
      await send(Object.fromEntries(new FormData(form.current, event.submitter)));
    } catch (caught) {
      setProblem(caught);
    } finally {
      setBusy(false);
    }
  }

  const keep = () => draft?.keep(Object.fromEntries(new FormData(form.current)));
  const startOver = () => (draft.drop(), setKept(null), setProblem(null));

  useEffect(() => form.current.querySelector("[aria-invalid=true]")?.focus(), [problem]);

  return html`<${Errors.Provider} value=${errors}><${EnteredValues.Provider} value=${kept}>
    <form ref=${form} class=${kind} aria-label=${label} aria-busy=${busy} onSubmit=${submit} onInput=${keep}>
      ${kept && html`<div class="notice"><p>Your words from before are here again.</p>
        <button class="plain" type="button" disabled=${busy} onClick=${startOver}>Start over</button></div>`}
      ${problem && !Object.keys(errors).length && (explain(problem) || html`<${ProblemNotice} problem=${problem} />`)}
      <fieldset key=${Boolean(kept)} disabled=${busy || left > 0}>${children}</fieldset>
    </form>
  <//><//>`;
}

/** The initial value of a field: the kept input, or the given value. */
export const useFirst = (name, value) => useContext(EnteredValues)?.[name] ?? value;

/**
 * One field with its label, a hint, and its error. Other properties are passed to the input; `long` makes it a textarea.
 */
export function Field({ label, hint, name, long = false, value = "", maxlength, onInput = () => {}, ...rest }) {
  const id = useId();
  const field = useRef(null);
  const [tooLong, setTooLong] = useState("");
  const refused = useContext(Errors)[name];
  const wrong = tooLong || refused;
  const described = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  const first = useFirst(name, value);
  const input = { id, name, ref: field, defaultValue: first, "aria-invalid": Boolean(wrong), "aria-describedby": described || null };
  const measure = () => setTooLong(limit(field.current, Number(maxlength)));
  useEffect(measure, []);
  rest.onInput = (event) => (measure(), onInput(event));
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${long ? html`<textarea ...${input} ...${rest} />` : html`<input ...${input} ...${rest} />`}
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    ${wrong && html`<p class="wrong" id="${id}-wrong">${wrong}</p>`}
  </div>`;
}

export function Password({ label = "Password", name = "password", isNew = false, ...rest }) {
  const rules = isNew ? { minlength: 8, hint: "8 characters or more; a few words are easy to remember." } : {};
  return html`<${Field} label=${label} name=${name} type="password" required maxlength="256" ...${rules}
    autocomplete=${isNew ? "new-password" : "current-password"} ...${rest} />`;
}

export function Email({ ...rest }) {
  return html`<${Field} label="Email" name="email" type="email" required maxlength="254" autocomplete="username"
    inputmode="email" ...${rest} />`;
}

/** The submit button; `name` and `value` distinguish several. */
export function Submit({ children, quiet = false, ...rest }) {
  return html`<button type="submit" class="button ${quiet ? "" : "primary"}" ...${rest}>${children}</button>`;
}
