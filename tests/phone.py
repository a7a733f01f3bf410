"""A phone in a browser, and what on its page is too fine to read or too small for a finger."""

from __future__ import annotations

LOOKS = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

# Every text that is seen, every control that is seen. Indices, formulas and drawings are not text to size.
UNFIT = """() => {
  const FINE = 16, FINGER = 44;
  const seen = (node) =>
    node.checkVisibility({ visibilityProperty: true }) && !node.closest("[class*=visually-hidden]");
  const named = (node) =>
    `${node.tagName.toLowerCase()}#${node.id}.${node.className} "${node.textContent.trim().slice(0, 40)}"`;
  const found = [];

  const sized = (node) => {
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (size < FINE) found.push(`${named(node)}: text of ${size} px`);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: node } = texts.currentNode;
    if (data.trim() && seen(node) && !node.closest("sub, sup, math, svg, select")) sized(node);
  }

  // A dialog lets nothing behind it be pressed.
  const within = document.querySelector("dialog[open]") ?? document.body;
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]";
  for (const node of within.querySelectorAll(controls)) {
    if (!seen(node)) continue;
    if (node.matches("input, select, textarea")) sized(node);
    const target = node.matches("[type=radio], [type=checkbox]") ? node.closest("label") ?? node : node;
    target.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const { x, y, width, height } = target.getBoundingClientRect();
    // A hundredth: the boxes are sums of fractions.
    if (width < FINGER - 0.01 || height < FINGER - 0.01) {
      found.push(`${named(target)}: ${width} × ${height} px`);
      continue;
    }
    if (node.matches(":disabled")) continue; // nothing is there for a finger
    const half = FINGER / 2 - 1; // a box that ends within a pixel shares it
    for (const [right, down] of [[0, 0], [half, 0], [-half, 0], [0, half], [0, -half]]) {
      const met = document.elementFromPoint(x + width / 2 + right, y + height / 2 + down);
      if (!target.contains(met)) found.push(`${named(target)}: ${met && named(met)} is in the way`);
    }
  }
  scrollTo({ top: 0, behavior: "instant" });
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`the page is ${wide} px wide`);
  return found;
}"""


def unfit(page) -> list[str]:
    """What on this page is no use on a phone: one sentence each."""
    return list(page.evaluate(UNFIT))
