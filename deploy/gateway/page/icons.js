// Line icons of 24 by 24, in the colour of the text. They always have a label.
import { html } from "./dom.js";

const PATHS = {
  home: "M4 11.5 12 5l8 6.5V19a1 1 0 0 1-1 1h-4.5v-5h-5v5H5a1 1 0 0 1-1-1z",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.5a6.5 6.5 0 0 1 3.5 5.5",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.2 16.2 20.5 20.5",
  pen: "M4 20l1-4.5L16.5 4a1.5 1.5 0 0 1 2.1 0L20 5.4a1.5 1.5 0 0 1 0 2.1L8.5 19zM14.5 6l3.5 3.5",
  heart: "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.4 4.2 4.2 0 0 1 19.500 10c0 5.400-7.500 10-7.500 10z",
  comment: "M4.500 5.500h15v11h-8l-4 3.500v-3.500h-3z",
  tag: "M4 4.500h7.500L20 13l-7 7-8.500-8.500zM8 8.500h.01",
  theme: "M12 4v1.500M12 18.500V20M4 12h1.500M18.500 12H20M6.300 6.300l1.100 1.100M16.600 16.600l1.100 1.100M6.300 17.700l1.100-1.100M16.600 7.400l1.100-1.100M12 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z",
  device: "M4 5.500h16v10H4zM9 19.500h6M12 15.500v4",
};

export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
