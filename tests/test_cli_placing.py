"""Plans and recommendations from plain files, as a person types them."""

from __future__ import annotations

import csv
import json
from itertools import permutations

import numpy as np
import pytest
from typer.testing import CliRunner

from cakap.cli import app

PEOPLE = "id,current_post,A,B,tenure_years\np1,X,3,2,4\np2,Y,4,4,4\np3,Z,2,5,1\n"
HELD = {"p1": "X", "p2": "Y", "p3": "Z"}
POSTS = "id,headcount,A,B\nX,1,4,4\nY,1,3,2\nZ,1,2,5\n"


@pytest.fixture
def files(tmp_path):
    people, posts = tmp_path / "orang.csv", tmp_path / "jabatan.csv"
    people.write_text(PEOPLE)
    posts.write_text(POSTS)
    return people, posts


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def plan(people, posts, *more):
    return run("plan", "--people", people, "--posts", posts, "--json", *more)


def test_everybody_is_placed_once_with_the_greatest_total(files, tmp_path):
    out = tmp_path / "rencana.csv"

    answer = plan(*files, "--out", out)

    assert answer.exit_code == 0, answer.stderr
    figures = json.loads(answer.stdout)
    assert figures["total_after"] == pytest.approx(300)
    assert figures["bound"] == pytest.approx(300)
    assert figures["optimal"]
    rows = list(csv.DictReader(out.open()))
    assert [(row["person"], row["from"], row["to"]) for row in rows] == [
        ("p1", "X", "Y"), ("p2", "Y", "X"), ("p3", "Z", "Z"),
    ]  # fmt: skip
    assert float(rows[0]["fit_before"]) == pytest.approx(62.5)


@pytest.mark.parametrize("seed", range(6))
def test_a_small_board_is_as_good_as_trying_everything(tmp_path, seed):
    rng = np.random.default_rng(seed)
    n = 5
    shown, asked = rng.integers(0, 6, (n, 3)), rng.integers(1, 6, (n, 3))
    people, posts = tmp_path / "p.csv", tmp_path / "q.csv"
    people.write_text(
        "id,a,b,c\n" + "".join(f"p{i},{x},{y},{z}\n" for i, (x, y, z) in enumerate(shown))
    )
    posts.write_text(
        "id,a,b,c\n" + "".join(f"q{i},{x},{y},{z}\n" for i, (x, y, z) in enumerate(asked))
    )
    fit = 100 * np.minimum(shown[:, None] / asked[None], 1).mean(axis=2)

    total = json.loads(plan(people, posts).stdout)["total_after"]

    best = max(sum(fit[i, q] for i, q in enumerate(way)) for way in permutations(range(n)))
    assert total == pytest.approx(best, abs=1e-4)


def test_rules_are_kept(files, tmp_path):
    rules = tmp_path / "aturan.toml"
    rules.write_text('min_tenure_years = 2\nforbidden = [["p2", "X"]]\nmove_cost = 1\n')

    figures = json.loads(plan(*files, "--rules", rules).stdout)

    assert figures["moves"] == 0
    ratio = json.loads(plan(*files, "--jpm", "ratio").stdout)
    assert ratio["total_before"] == pytest.approx(100 * (5 / 8 + 8 / 5 + 7 / 7))


def test_never_worse_than_the_present_when_moves_are_free(files):
    figures = json.loads(plan(*files).stdout)

    assert figures["total_after"] >= figures["total_before"]


BAD = [
    ("people", "Z,2,5,1", "Z,7,5,1", "baris 4, kolom A: diharapkan tingkat 0–5; ditemukan 7"),
    ("people", "p3,Z,2,5,1", "p3,Z,NaN,5,1", "ditemukan kosong"),
    ("people", "p3,Z", "p3,Q", "jabatan Q tidak ada"),
    ("people", "p3,Z", "p1,Z", "p1 untuk kedua kali"),
    ("posts", "Z,1", "Z,-1", "kolom headcount: diharapkan bilangan bulat 0 atau lebih"),
    ("posts", "Z,1,2,5", "Z,1,0,0", "jabatan tidak meminta kompetensi"),
    ("posts", "Z,1", "Z,0", "3 orang untuk 2 kursi"),
    ("posts", "id,headcount,A,B", "id,headcount,A,C", "diharapkan kolom C"),
]  # fmt: skip


@pytest.mark.parametrize(("which", "old", "new", "words"), BAD)
def test_bad_files_get_one_sentence_and_write_nothing(files, tmp_path, which, old, new, words):
    file = files[which == "posts"]
    file.write_text(file.read_text().replace(old, new))
    out = tmp_path / "rencana.csv"

    answer = plan(*files, "--out", out)

    assert answer.exit_code == 2
    assert words in answer.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("rules", "words", "code"),
    [
        ('locks = [["p1", "X"], ["p1", "Y"]]', "dikunci pada dua jabatan", 2),
        ('locks = [["p1", "X"], ["p2", "X"]]', "2 orang dikunci pada X", 2),
        ('locks = [["p1", "X"]]\nforbidden = [["p1", "X"]]', "yang dilarang", 2),
        ('locks = [["p9", "X"]]', "'p9' tidak ada", 2),
        ("most = 3", "tidak dikenal", 2),
        ('must_fill = ["W"]', "W tidak memiliki kursi", 2),
        ("min_gain = -1", "0 atau lebih", 2),
        ('forbidden = [["p1", "X"], ["p1", "Y"], ["p1", "Z"]]', "p1 dilarang pada X; p1 dilarang pada Y", 1),
        ('locks = [["p1", "Y"]]\nmax_moves = 0', "p1 dikunci pada Y; paling banyak 0", 1),
        ('couples = [["p1", "p2"]]', "memerlukan kolom location", 2),
        ('conflicts = [["p1", "p1"]]', "memerlukan kolom unit", 2),
        ("no_demotion = true", "memerlukan kolom tier", 2),
        ("no_demotion = 1", "true atau false", 2),
        ("max_moves = -1", "bilangan bulat 0 atau lebih", 2),
        ("max_leaving = 3", "tabel unit = jumlah", 2),
        ("locks = 3", "diharapkan daftar", 2),
        ('locks = [["p1"]]', "pasangan [orang, jabatan]", 2),
    ],
)  # fmt: skip
def test_contradictory_rules_are_named(files, tmp_path, rules, words, code):
    file = tmp_path / "aturan.toml"
    file.write_text(rules)
    files[1].write_text(POSTS + "W,0,1,1\n")

    answer = plan(*files, "--rules", file)

    assert answer.exit_code == code
    assert words in " ".join(answer.stderr.split())


WIDE = """id,headcount,unit,location,tier,A,B
X,1,U1,Serang,administrator,4,4
Y,1,U1,Serang,pengawas,3,2
Z,1,U2,Lebak,administrator,2,5
V,1,U2,Lebak,administrator,3,2
W,1,U2,Lebak,pengawas,5,5
"""


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ("max_moves = 1", lambda to: sum(to[p] != h for p, h in HELD.items()) <= 1),
        ('couples = [["p1", "p3"]]', lambda to: (to["p1"] in "XY") == (to["p3"] in "XY")),
        ('conflicts = [["p1", "p2"]]', lambda to: (to["p1"] in "XY") != (to["p2"] in "XY")),
        ("[max_leaving]\nU1 = 0", lambda to: {to["p1"], to["p2"]} == {"X", "Y"}),
        ("no_demotion = true", lambda to: to["p1"] not in "YW" and to["p3"] not in "YW"),
        ("min_gain = 30", lambda to: to["p2"] == "Y"),
        ('must_fill = ["W"]\nmax_moves = 1', lambda to: "W" in to.values()),
    ],
)
def test_rules_that_tie_people_together_are_kept(files, tmp_path, rules, kept):
    file, out = tmp_path / "aturan.toml", tmp_path / "rencana.csv"
    file.write_text(rules)
    files[1].write_text(WIDE)

    answer = plan(*files, "--rules", file, "--out", out)

    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["optimal"]
    assert kept({row["person"]: row["to"] for row in csv.DictReader(out.open())})


def test_a_tier_that_is_none_is_refused(files):
    files[1].write_text(WIDE.replace("pengawas", "mandor", 1))

    answer = plan(*files)

    assert answer.exit_code == 2
    assert "baris 3, kolom tier" in answer.stderr


def test_a_board_too_large_to_write_down_is_planned_by_prices(files, tmp_path, monkeypatch):
    monkeypatch.setattr("cakap.cli.placing.work.LARGEST_BOARD", 1)
    rules = tmp_path / "aturan.toml"
    rules.write_text("max_moves = 1")

    found = json.loads(plan(*files).stdout)
    refused = plan(*files, "--rules", rules)

    assert found["total_after"] == pytest.approx(300)
    assert found["bound"] >= 300
    assert refused.exit_code == 1
    assert "move_cost" in refused.stderr


def test_recommendations_go_both_ways(files):
    answer = run("recommend", "--people", files[0], "--posts", files[1], "--top", "2", "--json")

    found = json.loads(answer.stdout)
    assert [one["id"] for one in found["for_people"]] == ["p1", "p2", "p3"]
    assert found["for_people"][2]["best"][0] == {"id": "Z", "fit": 100.0}
    assert found["for_posts"][0]["best"][0] == {"id": "p2", "fit": 100.0}
    assert all(len(one["best"]) == 2 for one in found["for_posts"])


def test_a_post_is_told_as_many_people_as_were_asked_for(files):
    files[0].write_text("id,A,B\np1,3,2\np2,4,4\np3,2,5\n")
    files[1].write_text("id,headcount,A,B\nX,1,4,4\n")

    answer = run("recommend", "--people", files[0], "--posts", files[1], "--top", "3", "--json")

    (post,) = json.loads(answer.stdout)["for_posts"]
    assert len(post["best"]) == 3
