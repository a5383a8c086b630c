// Pictures: their upload, and which of them this page shows. It loads none from other sites, which would learn who reads.
import { post, put } from "./api.js";
import { html, useId, useState } from "./dom.js";
import { send } from "./http.js";
import { ProblemNotice } from "./ui.js";

const TYPES = "image/jpeg,image/png,image/webp";
const MOST_BYTES = 10 * 2 ** 20; // as common/pictures

/** Upload a file to a service, which encodes it anew. @returns {Promise<{url: string, small_url: string}>} */
async function upload(service, file) {
  if (file.size > MOST_BYTES) throw new TooLarge();
  const { data: begun } = await post(`/${service}/pictures`);
  const { method, url, headers } = begun.upload;
  await send(method, url, { headers, body: file });
  return (await put(`/${service}/pictures/${begun.name}/finished`)).json();
}

class TooLarge extends Error {
  status = 413;

  constructor() {
    super(`A picture may have ${MOST_BYTES / 2 ** 20} MB.`);
  }
}

/**
 * A field that uploads the chosen file at once.
 * @param {{label: string, service: string, onPicture: (picture: object) => any}} props
 */
export function PictureField({ label, service, onPicture }) {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  async function choose({ target }) {
    const [file] = target.files;
    if (!file) return;
    setBusy(true);
    setProblem(null);
    try {
      await onPicture(await upload(service, file));
    } catch (caught) {
      setProblem(caught);
    } finally {
      setBusy(false);
      target.value = ""; // so that the same file may be chosen again
    }
  }
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} type="file" accept=${TYPES} disabled=${busy} aria-describedby="${id}-hint" onChange=${choose} />
    <p class="hint" id="${id}-hint" aria-live="polite">${busy ? "Uploading…" : "JPEG, PNG or WebP. Where and when it was taken is removed."}</p>
    ${problem && html`<${ProblemNotice} problem=${problem} />`}
  </div>`;
}
