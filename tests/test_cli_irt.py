"""`cakap irt` on plain files."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from cakap.cli import app


@pytest.fixture
def answers(tmp_path):
    rng = np.random.default_rng(5)
    theta = rng.normal(size=(300, 1))
    right = (rng.random((300, 4)) < 1 / (1 + np.exp(-(1.2 * theta + [-1, -0.3, 0.3, 1])))).astype(
        int
    )
    file = tmp_path / "jawaban.csv"
    rows = [["id", "A", "B", "C", "D"], *([f"p{n}", *row] for n, row in enumerate(right))]
    rows[3][2] = ""
    with file.open("w", newline="") as out:
        csv.writer(out).writerows(rows)
    return file


def run(*words):
    return CliRunner().invoke(app, ["irt", *map(str, words)])


def test_fit_then_score(answers, tmp_path):
    fit, scores = tmp_path / "fit.json", tmp_path / "skor.csv"

    assert run("fit", answers, "--model", "2pl", "--id", "id", "--out", fit).exit_code == 0
    assert run("score", answers, "--params", fit, "--id", "id", "--out", scores).exit_code == 0

    found = json.loads(fit.read_text())
    assert {"model", "n_persons", "n_items", "loglik", "n_parameters", "aic", "bic", "iterations",
            "converged", "latent", "reliability", "items"} <= set(found)  # fmt: skip
    assert (found["n_persons"], found["n_items"], found["n_parameters"]) == (300, 4, 8)
    assert [item["b"] for item in found["items"]] == sorted(
        (i["b"] for i in found["items"]), reverse=True
    )
    assert all(item["se"]["a"] > 0 for item in found["items"])
    with scores.open() as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), rows[0]["id"]) == (300, "p0")
    assert all(float(row["se"]) > 0 for row in rows)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--model", "9pl"], "diharapkan rasch, 2pl"),
        (["--model", "2pl", "--items", "A,Z"], "kolom Z"),
        (["--model", "2pl", "--items", "id"], "baris 2, kolom id"),
    ],
)
def test_bad_input_is_one_sentence(answers, tmp_path, words, sentence):
    answer = run("fit", answers, *words, "--out", tmp_path / "fit.json")

    assert answer.exit_code == 2
    assert sentence in answer.output.replace("\n", " ")
    assert not (tmp_path / "fit.json").exists()


def test_an_item_that_cannot_be_calibrated_is_named(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("A,B\n1,0\n1,1\n1,0\n")

    answer = run("fit", file, "--model", "rasch", "--out", tmp_path / "fit.json")

    assert answer.exit_code == 2
    assert "butir A: everybody answered alike" in answer.output.replace("\n", " ")
