// Light or dark as the person's machine says; the stylesheet reads the attribute.
document.documentElement.dataset.bsTheme =
  matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
