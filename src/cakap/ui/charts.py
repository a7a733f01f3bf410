"""Pictures as SVG, the same on the page and in the document. No colour carries meaning alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

BLUE, GREY, INK = "#206bc4", "#9aa0a6", "#1d273b"


def _svg(chart: Any) -> str:
    # Room on the left: browsers draw labels in wider type than the one they were measured in.
    roomy = chart.properties(padding={"left": 45, "right": 15, "top": 5, "bottom": 5})
    return str(vl_convert.vegalite_to_svg(roomy.to_dict()))


def levels_against_standard(rows: Sequence[Mapping[str, Any]]) -> str:
    """A bar for each level shown and a tick where the standard lies; rows: name, shown, asked."""
    values = alt.Data(values=list(rows))
    order = [row["name"] for row in rows]
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=220))
    x = alt.X(
        "shown:Q", scale=alt.Scale(domain=[0, 5]), title="tingkat", axis=alt.Axis(tickCount=5)
    )
    bars = alt.Chart(values).mark_bar(color=BLUE, height=12).encode(x=x, y=y)
    ticks = alt.Chart(values).mark_tick(color=INK, thickness=3, size=20).encode(x="asked:Q", y=y)
    return _svg((bars + ticks).properties(width=360, height=26 * max(len(order), 1)))


def shares(counts: Mapping[str, int]) -> str:
    """A bar for each category with its number written on it."""
    values = alt.Data(values=[{"name": name, "n": n} for name, n in counts.items()])
    base = alt.Chart(values).encode(
        y=alt.Y("name:N", sort=list(counts), title=None, axis=alt.Axis(labelLimit=220)),
        x=alt.X("n:Q", title="orang"),
    )
    text = base.mark_text(align="left", dx=4, color=INK).encode(text="n:Q")
    chart = (base.mark_bar(color=BLUE) + text).properties(
        width=360, height=30 * max(len(counts), 1)
    )
    return _svg(chart)
