// Not a module, so that it runs before the first rendering, even if modules fail to load.
try {
  document.documentElement.dataset.theme = localStorage.getItem("trivium.theme") || "system";
} catch {
  // site data are blocked: the theme follows the system, as in index.html
}

// Reports a module that failed to load, for example on a bad connection: the page itself cannot.
addEventListener("error", ({ target }) => {
  const place = document.querySelector(".boot");
  if (target instanceof HTMLScriptElement && place) place.textContent = "The page could not be loaded. Please try again.";
}, true);
