"""Seeded makers of reasoning items: the same seed gives the same item, with its reason for the key."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from cakap.itembank.content import Draft
from cakap.itembank.models import Item

LETTERS = "abcde"


def reasoning_items(*, seed: int, each: int = 10) -> list[Draft]:
    """`each` items of every generator, coded TIU-<kind>-<number>."""
    makers = {
        "DERET": number_series,
        "SILOG": syllogism,
        "TABEL": table_reading,
        "GAMBAR": figure_series,
    }
    drafts = []
    for name, make in makers.items():
        seen: set[str] = set()
        rng = Random(f"{seed}/{name}")  # noqa: S311
        while len(seen) < each:
            stem, right, wrong = make(rng)
            if stem not in seen:
                seen.add(stem)
                drafts.append(_draft(f"TIU-{name}-{len(seen):02d}", stem, right, wrong, rng))
    return drafts


def _draft(code: str, stem: str, right: str, wrong: Sequence[str], rng: Random) -> Draft:
    texts = [right, *wrong]
    rng.shuffle(texts)
    return Draft(
        code=code,
        kind=Item.Kind.SINGLE,
        dimension="TIU",
        stem=stem,
        options=dict(zip(LETTERS, texts, strict=False)),
        scores={letter: int(text == right) for letter, text in zip(LETTERS, texts, strict=False)},
    )


def number_series(rng: Random) -> tuple[str, str, list[str]]:
    """A series under one of four rules; the next term is asked."""
    start, step, factor = rng.randint(2, 12), rng.randint(3, 9), rng.choice((2, 3))
    rule = rng.randrange(4)
    series = [start]
    for place in range(5):
        last = series[-1]
        series.append(
            (
                last + step,
                last + step * (place + 1),
                last * factor - step % 3,
                last + step if place % 2 == 0 else last * 2,
            )[rule]
        )
    right = series[-1]
    near = [right + gap for gap in (-step, step, -1, 1, -2, 2, factor + step, 10)]
    wrong = list(dict.fromkeys(value for value in near if value != right))[:4]
    shown = ", ".join(map(str, series[:-1]))
    return f"<p>{shown}, …</p><p>Bilangan berikutnya adalah</p>", str(right), [*map(str, wrong)]


TERMS = (
    "arsiparis", "auditor", "bendahara", "penyuluh", "perencana", "pranata komputer", "statistisi",
    "analis kebijakan", "pustakawan", "pengawas sekolah", "dokter hewan", "surveyor",
)  # fmt: skip
QUALITIES = (
    "teliti", "sabar", "jujur", "rajin membaca", "pandai menulis", "gemar berolahraga",
    "fasih berbahasa asing", "terbiasa bekerja malam", "memiliki sertifikat", "hadir tepat waktu",
)  # fmt: skip


def syllogism(rng: Random) -> tuple[str, str, list[str]]:
    """Two premises in one of three valid moods; only one conclusion follows."""
    (who,) = rng.sample(TERMS, 1)
    first, second = rng.sample(QUALITIES, 2)
    mood = rng.randrange(3)
    if mood == 0:
        premises = f"Semua {who} {first}. Semua yang {first} {second}."
        right = f"Semua {who} {second}."
        wrong = [
            f"Sebagian {who} tidak {second}.",
            f"Semua yang {second} adalah {who}.",
            f"Tidak ada {who} yang {second}.",
            f"Semua yang {first} adalah {who}.",
        ]
    elif mood == 1:
        premises = f"Semua {who} {first}. Tidak ada yang {first} yang {second}."
        right = f"Tidak ada {who} yang {second}."
        wrong = [
            f"Semua {who} {second}.",
            f"Sebagian {who} {second}.",
            f"Semua yang tidak {second} adalah {who}.",
            f"Semua yang {first} adalah {who}.",
        ]
    else:
        premises = f"Semua {who} {first}. Sebagian {who} {second}."
        right = f"Sebagian yang {second} {first}."
        wrong = [
            f"Semua yang {second} {first}.",
            f"Tidak ada yang {second} yang {first}.",
            f"Semua yang {first} {second}.",
            f"Semua {who} {second}.",
        ]
    return f"<p>{premises}</p><p>Kesimpulan yang pasti benar adalah</p>", right, wrong


OFFICES = ("Serang", "Cilegon", "Tangerang", "Lebak", "Pandeglang")


def table_reading(rng: Random) -> tuple[str, str, list[str]]:
    """A small table of services; a sum over the year, a difference or the largest is asked."""
    quarters = ("I", "II", "III", "IV")
    offices = rng.sample(OFFICES, 4)
    cells = {office: [rng.randint(12, 98) for _ in quarters] for office in offices}
    head = "".join(f'<th scope="col">Triwulan {q}</th>' for q in quarters)
    body = "".join(
        f'<tr><th scope="row">{office}</th>{"".join(f"<td>{n}</td>" for n in row)}</tr>'
        for office, row in cells.items()
    )
    table = (
        '<table class="table"><caption>Layanan yang selesai</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    office, other = rng.sample(offices, 2)
    if rng.randrange(2):
        question = f"Berapa layanan yang selesai di {office} sepanjang tahun?"
        right = sum(cells[office])
    else:
        quarter = rng.randrange(4)
        question = (
            f"Pada triwulan {quarters[quarter]}, berapa selisih layanan yang selesai "
            f"antara {office} dan {other}?"
        )
        right = abs(cells[office][quarter] - cells[other][quarter])
    wrong = [right + gap for gap in rng.sample((1, 2, 3, 5, 8, 10, 11, 12), 4)]
    return f"{table}<p>{question}</p>", str(right), [*map(str, wrong)]


def figure_series(rng: Random) -> tuple[str, str, list[str]]:
    """A hand that turns by a fixed angle while the number of dots grows; the next figure is asked."""
    turn, start, dots = rng.choice((45, 60, 90, 120)), 15 * rng.randrange(24), rng.randint(1, 2)
    frames = [(start + turn * place, dots + place) for place in range(5)]
    shown = "".join(_figure(*frame) for frame in frames[:4])
    angle, count = frames[4]
    wrong = [(angle + turn, count), (angle - turn, count), (angle, count + 1), (angle, count - 1)]
    stem = f"<div>{shown}</div><p>Gambar berikutnya adalah</p>"
    return stem, _figure(angle, count), [_figure(*frame) for frame in wrong]


def _figure(angle: int, dots: int) -> str:
    angle %= 360
    points = "".join(
        f'<circle cx="{14 + 9 * place}" cy="90" r="3"></circle>' for place in range(dots)
    )
    return (
        f'<svg viewBox="0 0 100 100" width="90" height="90" role="img" '
        f'aria-label="jarum pada {angle} derajat, {dots} titik">'
        '<circle cx="50" cy="44" r="36" fill="none" stroke="currentColor" stroke-width="3"></circle>'
        f'<path d="M50 44 L50 14" stroke="currentColor" stroke-width="5" '
        f'transform="rotate({angle} 50 44)"></path>{points}</svg>'
    )
