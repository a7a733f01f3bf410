"""`cakap irt` on plain files: every command on what a person would give it."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from cakap.cli import app


def run(*words):
    return CliRunner().invoke(app, ["irt", *map(str, words)])


def done(*words):
    answer = run(*words)
    assert answer.exit_code == 0, answer.output
    return answer.output


def plain(answer):
    return " ".join(answer.output.split())


def keep(file, rows):
    with file.open("w", newline="") as out:
        csv.writer(out).writerows(rows)
    return file


def read(file):
    with file.open() as source:
        return list(csv.DictReader(source))


@pytest.fixture
def answers(tmp_path):
    rng = np.random.default_rng(5)
    theta = rng.normal(size=(400, 1))
    right = rng.random((400, 6)) < 1 / (1 + np.exp(-(1.2 * theta + np.linspace(-1, 1, 6))))
    rows = [[f"p{n}", "LP"[n % 2], *row] for n, row in enumerate(right.astype(int).tolist())]
    rows[3][3] = ""
    return keep(tmp_path / "jawaban.csv", [["id", "jk", *"ABCDEF"], *rows])


@pytest.fixture
def fit(answers, tmp_path):
    file = tmp_path / "fit.json"
    done("fit", answers, "--model", "2pl", "--id", "id", "--items", "A,B,C,D,E,F", "--out", file)
    return file


def test_fit_says_all_that_was_promised(fit):
    found = json.loads(fit.read_text())

    assert {"model", "n_persons", "n_items", "loglik", "n_parameters", "aic", "bic", "iterations",
            "converged", "latent", "reliability", "items"} <= set(found)  # fmt: skip
    assert (found["n_persons"], found["n_items"], found["n_parameters"]) == (400, 6, 12)
    assert found["converged"] is True
    for item in found["items"]:
        assert {"name", "a", "b", "c", "se", "fit"} <= set(item)
        assert item["se"]["a"] > 0
        assert item["fit"]["df"] > 0
        assert 0 <= item["fit"]["p"] <= 1


def test_a_report_has_a_picture_of_every_item(answers, tmp_path):
    report = tmp_path / "laporan.html"

    done("fit", answers, "--model", "2pl", "--items", "A,B,C", "--out", tmp_path / "f.json",
         "--report", report)  # fmt: skip

    page = report.read_text()
    assert page.count("<svg") == 1 + 2 * 3
    assert "galat baku" in page


@pytest.mark.parametrize("method", ["eap", "map", "wle"])
def test_people_are_scored(answers, fit, tmp_path, method):
    out = tmp_path / "skor.csv"

    done("score", answers, "--params", fit, "--id", "id", "--method", method, "--out", out)

    rows = read(out)
    assert (len(rows), rows[0]["id"], list(rows[0])) == (400, "p0", ["id", "theta", "se"])
    assert all(float(row["se"]) > 0 for row in rows)


def test_plausible_values_stand_beside_the_score(answers, fit, tmp_path):
    out = tmp_path / "skor.csv"

    done("score", answers, "--params", fit, "--id", "id", "--plausible", 3, "--out", out)

    assert list(read(out)[0]) == ["id", "theta", "se", "pv1", "pv2", "pv3"]


def test_groups_anchors_and_priors(answers, fit, tmp_path):
    out = tmp_path / "lain.json"
    own = ["fit", answers, "--id", "id", "--out", out]

    done(*own, "--model", "2pl", "--group", "jk")
    assert [group["name"] for group in json.loads(out.read_text())["groups"]] == ["L", "P"]
    done(*own, "--model", "2pl", "--items", "A,B,C,D,E,F", "--anchors", fit)
    held = json.loads(out.read_text())["items"][0]
    assert (held["a"], held["se"]["a"]) == (json.loads(fit.read_text())["items"][0]["a"], 0)
    done(*own, "--model", "3pl", "--items", "A,B,C,D,E,F", "--guess-prior=-1.4,0.5")
    assert all(0 < item["c"] < 0.5 for item in json.loads(out.read_text())["items"])
    done(*own, "--model", "2pl", "--items", "A,B,C,D,E,F", "--latent", "histogram")


def test_the_table_of_sums_rises(fit, tmp_path):
    done("table", "--params", fit, "--out", tmp_path / "tabel.csv")

    theta = [float(row["theta"]) for row in read(tmp_path / "tabel.csv")]
    assert len(theta) == 7
    assert theta == sorted(theta)


def test_items_people_and_groups_are_checked(answers, fit, tmp_path):
    out = tmp_path / "x.json"

    done("check", answers, "--params", fit, "--id", "id", "--out", out)
    checked = json.loads(out.read_text())
    assert {"alpha", "omega", "m2", "items", "q3"} <= set(checked)
    assert checked["m2"]["df"] == 9
    done("persons", answers, "--params", fit, "--id", "id", "--out", tmp_path / "orang.csv")
    assert list(read(tmp_path / "orang.csv")[0]) == ["id", "zh", "lz_star", "infit", "outfit"]
    for more in (["--method", "lr"], ["--method", "lr", "--purify"], ["--method", "mh"]):
        done("dif", answers, "--group", "jk", "--id", "id", "--out", out, *more)
        assert len(json.loads(out.read_text())["items"]) == 6


def test_distractors_by_option(tmp_path):
    chosen = keep(
        tmp_path / "p.csv", [["id", "A", "B"], ["1", "a", "b"], ["2", "b", "b"], ["3", "a", ""]]
    )
    key = keep(tmp_path / "k.csv", [["item", "key"], ["A", "a"], ["B", "b"]])

    done("distractors", chosen, "--key", key, "--id", "id", "--out", tmp_path / "d.csv")

    rows = read(tmp_path / "d.csv")
    assert [(row["item"], row["option"], row["key"]) for row in rows] == [
        ("A", "a", "true"), ("A", "b", "false"), ("B", "b", "true"),
    ]  # fmt: skip


def test_two_calibrations_are_linked(answers, fit, tmp_path):
    out = tmp_path / "sambung.json"

    done("link", "--old", fit, "--new", fit, "--out", out)

    found = json.loads(out.read_text())
    assert (found["A"], found["B"]) == (pytest.approx(1, abs=1e-3), pytest.approx(0, abs=1e-3))
    assert not any(row["drifted"] for row in found["drift"])


def test_panels_set_cuts_and_cuts_classify(answers, fit, tmp_path):
    panel = keep(tmp_path / "panel.csv", [list("ABCDEF"), [0.5] * 6, [0.6] * 6])
    pages = keep(tmp_path / "halaman.csv", [["page"], [3], [4]])
    out, scores = tmp_path / "batas.json", tmp_path / "skor.csv"

    done("cut", "--params", fit, "--angoff", panel, "--out", out)
    assert json.loads(out.read_text())["se"] > 0
    done("cut", "--params", fit, "--bookmark", pages, "--out", out)
    assert len(json.loads(out.read_text())["booklet"]) == 6
    done("score", answers, "--params", fit, "--id", "id", "--out", scores)
    done("classify", scores, "--cut", 0, "--cut=-0.8", "--out", out)
    assert len(json.loads(out.read_text())["cuts"]) == 2


def test_subscores_help_each_other(answers, tmp_path):
    files = []
    for items in ("A,B,C", "D,E,F"):
        fit, scores = tmp_path / f"{items[0]}.json", tmp_path / f"{items[0]}.csv"
        done("fit", answers, "--model", "rasch", "--items", items, "--out", fit)
        done("score", answers, "--params", fit, "--id", "id", "--out", scores, "--method", "wle")
        files.append(scores)

    said = done("augment", *files, "--out", tmp_path / "g.csv")

    assert "reliabilitas" in said
    assert list(read(tmp_path / "g.csv")[0]) == ["id", "A_theta", "A_se", "D_theta", "D_se"]


@pytest.fixture
def bank(tmp_path):
    rng = np.random.default_rng(1)
    rows = [
        [f"B{n}", round(float(rng.lognormal(0, 0.3)), 3), round(float(rng.normal()), 3),
         "xyz"[n % 3], int(rng.integers(20, 80)), "e" if n < 3 else ""]
        for n in range(90)
    ]  # fmt: skip
    return keep(tmp_path / "bank.csv", [["item", "a", "b", "content", "words", "enemies"], *rows])


def test_a_programme_is_simulated_with_pictures(bank, tmp_path):
    out, report = tmp_path / "sim.json", tmp_path / "sim.html"

    done("simulate", bank, "--items", 10, "--persons", 300, "--content", "x=0.5", "--most-exposed",
         0.4, "--out", out, "--report", report)  # fmt: skip

    found = json.loads(out.read_text())
    assert found["mean_length"] == 10
    assert sum(found["reasons"].values()) == 300
    assert max(item["exposure"] for item in found["items"]) < 0.55
    assert report.read_text().count("<svg") == 3


def test_forms_are_assembled_or_the_clash_is_named(bank, tmp_path):
    plan, out = tmp_path / "kisi.toml", tmp_path / "form.csv"
    text = (
        "forms = 2\nlength = 12\npoints = [-1, 0, 1]\n"
        "[counts.content]\nx = [3, 5]\n[limits]\nwords = [0, {}]\n"
    )

    plan.write_text(text.format(700))
    said = json.loads(done("assemble", bank, "--blueprint", plan, "--out", out, "--json"))
    assert (said["forms"], len(read(out))) == (2, 24)
    assert said["gap"] < 0.05
    plan.write_text(text.format(100))
    answer = run("assemble", bank, "--blueprint", plan, "--out", tmp_path / "tidak.csv")
    assert answer.exit_code == 1
    assert "tidak dapat dipenuhi bersama: " in plain(answer)
    assert "words" in plain(answer)
    assert not (tmp_path / "tidak.csv").exists()


def test_times_and_likeness_are_reasons_to_ask(answers, fit, tmp_path):
    rng = np.random.default_rng(2)
    seconds = keep(
        tmp_path / "detik.csv",
        [["id", *"AB"], *([n, *np.exp(rng.normal(3, 0.5, 2)).round(1)] for n in range(50))],
    )
    pairs = keep(tmp_path / "kursi.csv", [["a", "b"], ["p0", "p1"], ["p1", "p2"]])
    leak = keep(tmp_path / "bocor.csv", [["item", "category"], ["A", "1"], ["B", "0"]])

    done("times", seconds, "--id", "id", "--out", tmp_path / "w.csv")
    assert len(read(tmp_path / "w.csv")) == 50
    said = done(
        "similar",
        answers,
        "--params",
        fit,
        "--id",
        "id",
        "--pairs",
        pairs,
        "--out",
        tmp_path / "m.csv",
    )
    assert "bukan putusan" in " ".join(said.split())
    done(
        "similar",
        answers,
        "--params",
        fit,
        "--id",
        "id",
        "--leaked",
        leak,
        "--out",
        tmp_path / "m.csv",
    )
    assert len(read(tmp_path / "m.csv")) == 400


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--model", "9pl"], "diharapkan rasch, 2pl"),
        (["--model", "2pl", "--items", "A,Z"], "kolom Z"),
        (["--model", "2pl", "--items", "id"], "baris 2, kolom id"),
        (["--model", "2pl", "--items", "A,B", "--group", "zz"], "kolom zz"),
        (["--model", "3pl", "--items", "A,B", "--guess-prior", "1"], "sd di atas 0"),
        (["--model", "2pl", "--items", "A,B", "--latent", "kotak"], "normal atau histogram"),
    ],
)
def test_bad_input_is_one_sentence(answers, tmp_path, words, sentence):
    answer = run("fit", answers, *words, "--out", tmp_path / "fit.json")

    assert answer.exit_code == 2
    assert sentence in plain(answer)
    assert not (tmp_path / "fit.json").exists()


def test_an_item_that_cannot_be_calibrated_is_named_and_left_out(tmp_path):
    file = keep(tmp_path / "a.csv", [list("ABC"), [1, 0, 0], [1, 1, 1], [1, 0, 1], [1, 1, 0]])
    out = tmp_path / "fit.json"

    answer = run("fit", file, "--model", "rasch", "--out", out)

    assert answer.exit_code == 0
    assert "butir A: semua orang menjawab sama" in plain(answer)
    found = json.loads(out.read_text())
    assert found["items"][0]["a"] is None
    assert any("butir A" in one for one in found["warnings"])


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([["A", "B"], [1, 1], [1, 1]], "no item is left"),
        ([["A", "B"], [1, 0]], "1 persons with answers"),
        ([["A", "B"], [0, 1], [1, 0], [2, 1]], "butir A: category 2"),
        ([["A", "B"]], "sedikitnya satu orang"),
    ],
)
def test_answers_that_no_model_can_use_are_one_sentence(tmp_path, rows, sentence):
    file = keep(tmp_path / "a.csv", rows)

    answer = run("fit", file, "--model", "2pl", "--out", tmp_path / "fit.json")

    assert answer.exit_code == 2
    assert sentence in plain(answer)


def test_a_bank_with_a_hole_is_named(tmp_path):
    file = keep(tmp_path / "bank.csv", [["item", "a", "b"], ["X", 1, 0], ["Y", "", 0]])

    answer = run("simulate", file, "--items", 1, "--out", tmp_path / "s.json")

    assert answer.exit_code == 2
    assert "baris 3" in plain(answer)
