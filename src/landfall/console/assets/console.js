// The little that has to happen in the browser itself: the theme, the clock of running stages, the
// keyboard, and words for a lost console. Nothing here ever makes HTML out of text.
"use strict";
window.landfall = {
  theme() {
    return document.documentElement.dataset.theme;
  },

  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    document.cookie = `landfall_theme=${theme}; path=/; max-age=31536000; samesite=strict`;
    if (window.Quasar) Quasar.Dark.set(theme === "dark");
    document.querySelector("meta[name=color-scheme]")?.setAttribute("content", theme);
    window.dispatchEvent(new Event("landfall-theme"));
  },

  toggleTheme() {
    this.setTheme(this.theme() === "dark" ? "light" : "dark");
    emitEvent("theme", this.theme());
  },

  // On a phone what is new may be below the fold.
  show(selector) {
    if (window.innerWidth < 760) document.querySelector(selector)?.scrollIntoView({ block: "start" });
  },

  copy(text) {
    navigator.clipboard?.writeText(text);
  },

  // What the server could not know: a tab opened behind another one has never become hidden, and
  // on a first visit the theme is what the reader's system prefers.
  arrived(theme) {
    if (document.hidden) emitEvent("visible", false);
    if (this.theme() !== theme) emitEvent("theme", this.theme());
  },

  // Numbers that count up while a stage is under way, without a message from the server.
  tick() {
    for (const label of document.querySelectorAll("[data-since]")) {
      const passed = (Date.now() - Number(label.dataset.since)) / 1000;
      label.textContent = passed < 0.1 ? "…" : `${passed.toFixed(1)} s`;
    }
  },
};

document.addEventListener("DOMContentLoaded", () => {
  const started = setInterval(() => {
    if (!window.Quasar) return;
    clearInterval(started);
    landfall.setTheme(landfall.theme());
  }, 20);
  setInterval(() => landfall.tick(), 100);
  const [what, then] = document.querySelectorAll("#popup span");
  if (what) what.textContent = "The console does not answer.";
  if (then) then.textContent = "This page comes back by itself as soon as Landfall runs again.";
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, [contenteditable]");
  if (event.key === "/" && !typing) {
    const search = document.querySelector("[data-search] input, input[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});

document.addEventListener("visibilitychange", () => {
  if (window.emitEvent && window.did_handshake) emitEvent("visible", !document.hidden);
});
