// Not a module, so that it runs before anything is drawn and whatever becomes of the modules.
try {
  document.documentElement.dataset.theme = localStorage.getItem("trivium.theme") || "system";
} catch {
  // site data are blocked: the colours are the system's, as index.html says
}

// A module that did not arrive, on a bad connection say: without it there is no page to say so.
addEventListener("error", ({ target }) => {
  const place = document.querySelector(".boot");
  if (target instanceof HTMLScriptElement && place) place.textContent = "The page could not be loaded. Please try again.";
}, true);
