"""A calibration as one HTML file with its pictures, to read and to hand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from cakap.science.irt.calibration import Calibration
from cakap.science.types import Floats
from cakap.scoring.pictures import item_curves, item_information_curve, test_information

STYLE = (
    "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;color:#1d273b}"
    "table{border-collapse:collapse}td,th{padding:.2rem .6rem;border-bottom:1px solid #ddd}"
    "section{break-inside:avoid}svg{max-width:29rem}"
)


def fit_report(found: Calibration, content: Mapping[str, Any], values: Sequence[Floats]) -> str:
    """The whole page."""
    fitted, kept = found.fitted, found.kept
    cards = [
        _card(content["items"][place], item_curves(fitted, number, _labels(values[place])),
              item_information_curve(fitted, number))
        for number, place in enumerate(kept)
    ]  # fmt: skip
    notes = "".join(f"<li>{escape(one)}</li>" for one in content["warnings"])
    return (
        f"<!doctype html><html lang=id><meta charset=utf-8><title>Kalibrasi</title>"
        f"<style>{STYLE}</style><h1>Kalibrasi {escape(found.model)}</h1>"
        f"<p>{found.n_persons} orang, {content['n_items']} butir; loglik {found.loglik:.4f}, "
        f"AIC {found.aic:.2f}, BIC {found.bic:.2f}; reliabilitas {content['reliability']:.3f}.</p>"
        f"<ul>{notes}</ul><h2>Informasi tes</h2>{test_information(fitted)}{''.join(cards)}</html>"
    )


def _labels(values: Floats) -> list[str]:
    return [f"{value:g}" for value in values]


def _card(item: Mapping[str, Any], curves: str, information: str) -> str:
    rows = [("a", item["a"], item["se"]["a"])]
    b, se = np.atleast_1d(item["b"]), np.atleast_1d(item["se"]["b"])
    rows += [(f"b{k}" if len(b) > 1 else "b", b[k - 1], se[k - 1]) for k in range(1, len(b) + 1)]
    rows += [("c", item["c"], item["se"]["c"])] if item["c"] else []
    cells = "".join(
        f"<tr><th>{name}<td>{value:.3f}<td>{'' if error is None else f'{error:.3f}'}"
        for name, value, error in rows
    )
    fit = item["fit"]
    tested = (
        f"<p>S-X² = {fit['s_x2']:.2f}, db {fit['df']}, p = {fit['p']:.3f}</p>" if fit["p"] else ""
    )
    return (
        f"<section><h2>{escape(item['name'])}</h2><table><tr><th><th>nilai<th>galat baku{cells}"
        f"</table>{tested}{curves}{information}</section>"
    )
