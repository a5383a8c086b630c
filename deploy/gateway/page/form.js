// Forms: they send what was written, once, and show a refusal where it belongs.
import { createContext, html, useContext, useEffect, useId, useRef, useState } from "./dom.js";
import { ProblemNotice, useCountdown } from "./ui.js";

const Errors = createContext({});

/** Refusals that are about one field although they do not say so in `errors`; the first of these that a form has. */
const FIELDS_OF = {
  "email-taken": ["email"],
  "weak-password": ["new_password", "password"],
  "wrong-password": ["current_password", "password"],
};

/** Messages by the names of the form's fields; empty when the problem is about none of them. */
function byField(problem, form) {
  const found = {};
  const has = (name) => form.elements.namedItem(name);
  for (const { loc, msg } of problem.errors ?? []) if (has(loc[1])) found[loc[1]] ??= sentence(msg);
  const field = FIELDS_OF[problem.code]?.find(has);
  if (field) found[field] = problem.message;
  return found;
}

/** "Value error, must be …" and "String should have …" are the server's words to programs. */
function sentence(text) {
  const plain = text.replace(/^Value error, /, "").replace(/^(String|Value|List) should/, "This should");
  return `${plain[0].toUpperCase()}${plain.slice(1)}${/[.!]$/.test(plain) ? "" : "."}`;
}

/**
 * @param {object} props
 * @param {(values: Record<string, string>) => Promise<void>} props.send gets the fields by name, and the name and value
 *   of the button that was pressed; what it throws is shown
 * @param {(problem: Error) => any} [props.explain] another notice for some problems; false for the usual one
 */
export function Form({ send, explain = () => false, label, children, class: kind = "" }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
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

  useEffect(() => form.current.querySelector("[aria-invalid=true]")?.focus(), [problem]);

  return html`<${Errors.Provider} value=${errors}>
    <form ref=${form} class=${kind} aria-label=${label} aria-busy=${busy} onSubmit=${submit}>
      ${problem && !Object.keys(errors).length && (explain(problem) || html`<${ProblemNotice} problem=${problem} />`)}
      <fieldset disabled=${busy || left > 0}>${children}</fieldset>
    </form>
  <//>`;
}

/**
 * One field with its label, a hint, and what is wrong with it. Other properties are the input's own; `long` makes it a
 * textarea.
 */
export function Field({ label, hint, name, long = false, value = "", ...rest }) {
  const id = useId();
  const wrong = useContext(Errors)[name];
  const described = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  const input = { id, name, defaultValue: value, "aria-invalid": Boolean(wrong), "aria-describedby": described || null };
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

/** The button that sends; `name` and `value` tell several apart. */
export function Submit({ children, quiet = false, ...rest }) {
  return html`<button type="submit" class="button ${quiet ? "" : "primary"}" ...${rest}>${children}</button>`;
}
