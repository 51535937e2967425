// Runs before the first paint: light or dark, and the reseller's colour. The cookie of the switch wins over the profile.
(function () {
  "use strict";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    const cookie = document.cookie.match(/(?:^|; )theme=(light|dark|system)/);
    return cookie ? cookie[1] : root.dataset.theme || "system";
  }

  function apply() {
    const choice = chosen();
    const dark = choice === "dark" || (choice === "system" && system.matches);
    root.dataset.themeChosen = choice;
    root.dataset.bsTheme = dark ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("markaz:theme"));
  }

  // The darkness of a colour as people see it (WCAG 2 relative luminance), to put readable text on it.
  function isLight(hex) {
    const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
    const [r, g, b] = parts.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
  }

  const brand = root.dataset.brand || "";
  if (/^#[0-9a-f]{6}$/i.test(brand)) {
    root.style.setProperty("--mk-brand", brand);
    root.style.setProperty("--mk-brand-text", isLight(brand) ? "#101418" : "#ffffff");
  }
  window.markazTheme = {
    chosen,
    choose(choice) {
      const secure = location.protocol === "https:" ? "; secure" : "";
      document.cookie = "theme=" + choice + "; path=/; max-age=31536000; samesite=lax" + secure;
      apply();
    },
  };
  system.addEventListener("change", apply);
  apply();
})();
