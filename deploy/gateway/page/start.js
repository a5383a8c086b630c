// Not a module, so that it runs before the first rendering, even if modules fail to load.
try {
  document.documentElement.dataset.theme = localStorage.getItem("trivium.theme") || "system";
} catch {
  // site data are blocked: the theme follows the system, as in index.html
}

// The first request of the route, sent before the modules have arrived that show it. http.js takes the answer. Only for
// visitors: a session's token has to be renewed first. Documents that want it say `data-early`: the console does not.
try {
  const { pathname, search, hash } = location;
  const isEarly = "early" in document.currentScript.dataset && !search && !hash;
  const id = /\d+$/.exec(pathname)?.[0] ?? 0;
  const resource = isEarly && {
    "/": "/posts", // only with posts
    [`/post/${id}`]: `/posts/${id}`, // only with posts
    [`/people/${id}`]: `/users/${id}`,
  }[pathname];
  if (resource && !localStorage.getItem("trivium.session")) {
    const answer = fetch(resource, { headers: { Accept: "application/json" }, credentials: "omit", cache: "no-store" });
    answer.catch(() => {}); // whoever takes it learns it
    globalThis.early = { resource, answer };
  }
} catch {
  // site data are blocked: the view asks itself
}

// Reports a module that failed to load, for example on a bad connection: the page itself cannot.
addEventListener("error", ({ target }) => {
  const place = document.querySelector(".boot");
  if (target instanceof HTMLScriptElement && place) place.textContent = "The page could not be loaded. Please try again.";
}, true);
