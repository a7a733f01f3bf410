"""Pictures as SVG, the same on the page and in the document. No colour carries meaning alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BLUE, GREY, INK = "#206bc4", "#9aa0a6", "#1d273b"


def _altair() -> Any:
    """Altair, read in with the first picture: it takes a second of every process, and few pages draw."""
    import altair  # noqa: PLC0415

    return altair


def _svg(chart: Any) -> str:
    import vl_convert  # noqa: PLC0415

    # Room on the left: browsers draw labels in wider type than the one they were measured in.
    roomy = chart.properties(padding={"left": 45, "right": 15, "top": 5, "bottom": 5})
    return str(vl_convert.vegalite_to_svg(roomy.to_dict()))


def levels_against_standard(rows: Sequence[Mapping[str, Any]]) -> str:
    """A bar for each level shown and a tick where the standard lies; rows: name, shown, asked."""
    alt = _altair()
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
    alt = _altair()
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


def lines(rows: Sequence[Mapping[str, Any]], *, x: str, y: str, height: int = 180) -> str:
    """A line for each name, told apart by dashes and by a label at its end; rows: name, x, y."""
    alt = _altair()
    names = list(dict.fromkeys(row["name"] for row in rows))
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("x:Q", title=x), y=alt.Y("y:Q", title=y)
    )
    drawn = base.mark_line(color=BLUE).encode(
        strokeDash=alt.StrokeDash(
            "name:N", sort=names, title=None, legend=alt.Legend() if len(names) > 1 else None
        ),
        detail="name:N",
    )
    return _svg(drawn.properties(width=360, height=height))


def scatter(rows: Sequence[Mapping[str, Any]], *, x: str, y: str) -> str:
    """A point for each row with its name beside it, and the line where both are equal; rows: name, x, y."""
    alt = _altair()
    ends = [row[key] for row in rows for key in ("x", "y")] or [0, 1]
    equal = alt.Data(values=[{"x": end, "y": end} for end in (min(ends), max(ends))])
    near = alt.Scale(zero=False)
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("x:Q", title=x, scale=near), y=alt.Y("y:Q", title=y, scale=near)
    )
    points = base.mark_point(color=BLUE, filled=True)
    names = base.mark_text(align="left", dx=5, fontSize=9, color=INK).encode(text="name:N")
    line = alt.Chart(equal).mark_line(color=GREY, strokeDash=[4, 3]).encode(x="x:Q", y="y:Q")
    return _svg((line + points + names).properties(width=360, height=260))


def histogram(values: Sequence[float], *, x: str, y: str, bins: int = 25) -> str:
    """How often values fall where."""
    alt = _altair()
    chart = (
        alt.Chart(alt.Data(values=[{"v": value} for value in values]))
        .mark_bar(color=BLUE)
        .encode(x=alt.X("v:Q", bin=alt.Bin(maxbins=bins), title=x), y=alt.Y("count():Q", title=y))
    )
    return _svg(chart.properties(width=360, height=180))
