// The second factor: codes at sign-in, and its settings.
import { get, post, remove } from "../api.js";
import { html, useEffect, useState } from "../dom.js";
import { Field, Form, Submit } from "../form.js";
import { say } from "../messages.js";
import { Pending, ProblemNotice, Time } from "../ui.js";
import { generate } from "../vendor/lean-qr.js";
import { nameOf } from "./devices.js";
import { OwnPassword, useHasPassword } from "./own-password.js";

const PATH = "/auth/second-factor";
const QUIET = 4; // modules of margin, which readers need

/** One proof: a code of the app, or a recovery code. The form sends it as `code` or `recovery_code`. */
export function Proof() {
  const [hasLost, setLost] = useState(false);
  const other = html`<button class="plain" type="button" onClick=${() => setLost(!hasLost)}>
    ${hasLost ? "Use the authenticator app" : "Use a recovery code"}</button>`;
  return html`${hasLost
    ? html`<${Field} key="recovery" label="Recovery code" name="recovery_code" required maxlength="60" autocomplete="off"
        autocapitalize="characters" spellcheck=${false} hint="One of the codes that you kept when you turned the second factor on." />`
    : html`<${Field} key="code" label="Code" name="code" required inputmode="numeric" autocomplete="one-time-code"
        pattern="[0-9]{3} ?[0-9]{3}" hint="The six digits that your authenticator app shows now." />`}<p>${other}</p>`;
}

/** A code as apps show it, with what it encodes as text for those who cannot see it. */
function QrCode({ text }) {
  const code = generate(text);
  let path = "";
  for (let y = 0; y < code.size; y++) for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  const box = `${-QUIET} ${-QUIET} ${code.size + 2 * QUIET} ${code.size + 2 * QUIET}`;
  return html`<svg class="qr" role="img" aria-label="QR code of the key below" viewBox=${box} shape-rendering="crispEdges"><path d=${path} /></svg>`;
}

export function SecondFactor() {
  const [status, setStatus] = useState(null);
  const [problem, setProblem] = useState(null);
  const [setup, setSetup] = useState(null);
  const [codes, setCodes] = useState(null);
  const [turnsOff, setTurnsOff] = useState(false);
  const hasPassword = useHasPassword();

  async function load() {
    try {
      setProblem(null);
      setStatus((await get(PATH)).data);
    } catch (caught) {
      setProblem(caught);
    }
  }
  useEffect(() => void load(), []);

  /** Do one step; what it answers is shown, and its problem. */
  async function step(act) {
    try {
      setProblem(null);
      await act();
    } catch (caught) {
      setProblem(caught);
    }
  }
  const begin = () => step(async () => setSetup((await post(`${PATH}/totp`)).data));
  const renew = () => step(async () => setCodes((await post(`${PATH}/recovery-codes`)).data.recovery_codes));

  async function confirm({ code }) {
    setCodes((await post(`${PATH}/totp/confirm`, { code })).data.recovery_codes);
    setSetup(null);
    say("The second factor is on, and other devices are signed out.");
    await load();
  }

  async function turnOff({ password, code, recovery_code }) {
    await post(`${PATH}/off`, { password, code, recovery_code });
    setTurnsOff(false);
    setCodes(null);
    say("The second factor is off.");
    await load();
  }

  const done = () => (setCodes(null), load());
  if (!status) return html`<section class="card"><h2>Second factor</h2><${Pending} problem=${problem} retry=${load} rows=${1} /></section>`;
  return html`<section class="card"><h2>Second factor</h2>
    ${problem && html`<${ProblemNotice} problem=${problem} />`}
    ${codes && html`<${RecoveryCodes} codes=${codes} done=${done} />`}
    ${!codes && !status.on && !setup && html`
      <p>Signing in then needs a code of an authenticator app on your phone, beside the password.</p>
      <div class="row end"><button class="button" type="button" onClick=${begin}>Turn on</button></div>`}
    ${!codes && setup && html`<${Setup} setup=${setup} confirm=${confirm} cancel=${() => setSetup(null)} />`}
    ${!codes && status.on && html`
      <p>It is on since <${Time} at=${status.since} />. You have <b>${status.recovery_codes_left}</b> recovery codes left.</p>
      ${!turnsOff && html`<div class="row end">
        <button class="button" type="button" onClick=${renew}>New recovery codes</button>
        <button class="button" type="button" onClick=${() => setTurnsOff(true)}>Turn off</button></div>`}
      ${turnsOff && html`<${Form} send=${turnOff} label="Turn the second factor off">
        ${hasPassword ? html`<${OwnPassword} /><${Proof} />` : html`<p>Signing in then needs no code any more.</p>`}
        <div class="row end"><button class="button" type="button" onClick=${() => setTurnsOff(false)}>Cancel</button>
          <button class="button danger" type="submit">Turn off now</button></div><//>`}
      <${TrustedDevices} />`}
  </section>`;
}

function Setup({ setup, confirm, cancel }) {
  return html`<ol class="steps">
      <li>Scan this with an authenticator app, or type the key into it.</li>
      <li>Enter the code that the app shows.</li></ol>
    <${QrCode} text=${setup.uri} />
    <p class="center">Key: <code class="key">${setup.secret.match(/.{4}/g).join(" ")}</code></p>
    <${Form} send=${confirm} label="Turn the second factor on">
      <${Field} label="Code" name="code" required inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{3} ?[0-9]{3}" />
      <div class="row end"><button class="button" type="button" onClick=${cancel}>Cancel</button><${Submit}>Turn on<//></div><//>`;
}

function RecoveryCodes({ codes, done }) {
  async function copy() {
    try {
      await navigator.clipboard.writeText(codes.join("\n"));
      say("The recovery codes are copied.");
    } catch {
      say("This browser does not let the page copy. Select the codes instead.");
    }
  }
  return html`<p><b>Keep these recovery codes in a safe place.</b> Each lets you in once if you lose your phone. They are not shown again.</p>
    <ul class="codes" aria-label="Recovery codes">${codes.map((code) => html`<li key=${code}><code>${code}</code></li>`)}</ul>
    <div class="row end">
      <button class="button" type="button" onClick=${copy}>Copy</button>
      <button class="button" type="button" onClick=${() => print()}>Print</button>
      <button class="button primary" type="button" onClick=${done}>I have kept them</button></div>`;
}

/** Shown only if there are any: a site may trust none. */
function TrustedDevices() {
  const [items, setItems] = useState([]);
  useEffect(() => void get(`${PATH}/devices`).then(({ data }) => setItems(data.items), (caught) => say(caught.message)), []);
  if (!items.length) return null;
  async function forget({ id }) {
    try {
      await remove(`${PATH}/devices/${id}`);
      setItems(items.filter((one) => one.id !== id));
      say("The device is no longer trusted.");
    } catch (caught) {
      say(caught.message);
    }
  }
  const one = (device) => html`<li key=${device.id} class="row spread"><span>${nameOf(device.user_agent)}
      <span class="quiet"> · ${device.ip} · used <${Time} at=${device.last_used_at} /></span></span>
    <button class="button small" type="button" aria-label="Trust ${nameOf(device.user_agent)} no more" onClick=${() => forget(device)}>Trust no more</button></li>`;
  return html`<h3>Trusted devices</h3><p>They sign in with the password alone.</p>
    <ul aria-label="Trusted devices">${items.map(one)}</ul>`;
}
