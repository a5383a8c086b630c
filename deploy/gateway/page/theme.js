// Not a module, so that it runs before anything is drawn: the colours that were chosen here, else the system's.
document.documentElement.dataset.theme = localStorage.getItem("trivium.theme") || "system";
