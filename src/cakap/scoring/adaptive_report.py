"""A simulated adaptive programme as one HTML page with its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from cakap.science.adaptive.simulation import Simulated
from cakap.ui.charts import histogram, lines

STYLE = "body{font-family:sans-serif;max-width:50rem;margin:2rem auto;color:#1d273b}"


def simulation_report(found: Simulated, names: Sequence[str]) -> str:
    """Precision along ability, length, exposure; and the items given most."""
    most = np.argsort(-found.exposure)[:20]
    rows = "".join(f"<tr><td>{escape(names[i])}<td>{found.exposure[i]:.3f}" for i in most.tolist())
    return (
        f"<!doctype html><html lang=id><meta charset=utf-8><title>Simulasi tes adaptif</title>"
        f"<style>{STYLE}</style><h1>Simulasi tes adaptif</h1><p>{len(found.true)} orang, "
        f"{found.lengths.mean():.1f} butir rata-rata; bias {found.bias:+.3f}, RMSE {found.rmse:.3f}, "
        f"tumpang tindih {found.overlap:.3f}.</p><h2>Ketelitian menurut kemampuan</h2>"
        f"{precision_picture(found)}<h2>Panjang tes</h2>"
        f"{histogram([float(n) for n in found.lengths], x='butir', y='orang')}<h2>Paparan butir</h2>"
        f"{exposure_picture(found)}<h2>Butir yang paling sering keluar</h2>"
        f"<table><tr><th>butir<th>paparan{rows}</table></html>"
    )


def precision_picture(found: Simulated) -> str:
    """Bias and root mean square error in twenty slices of ability, as SVG."""
    order = np.array_split(np.argsort(found.true), 20)
    gaps = found.theta - found.true
    rows = []
    for own in (part for part in order if len(part)):
        theta = float(found.true[own].mean())
        rows.append({"name": "bias", "x": theta, "y": float(gaps[own].mean())})
        rows.append({"name": "RMSE", "x": theta, "y": float(np.sqrt((gaps[own] ** 2).mean()))})
    return lines(sorted(rows, key=lambda row: str(row["name"])), x="θ", y="")


def exposure_picture(found: Simulated) -> str:
    """How often each item was given, most given first, as SVG."""
    ranked = np.sort(found.exposure)[::-1]
    rows = [{"name": "paparan", "x": n, "y": float(one)} for n, one in enumerate(ranked, start=1)]
    return lines(rows, x="butir, urut paparan", y="bagian orang")
