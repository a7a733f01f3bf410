"""Only items that somebody reviewed reach an exam that counts; drafts are tried in a rehearsal."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from outside.agency import items_file, option, plan_session, review
from outside.installation import words_of

pytestmark = pytest.mark.slow
MOVE = "/bank-soal/tinjauan/pindah/"


def test_a_draft_reaches_a_rehearsal_but_no_session_that_counts_until_it_is_reviewed(shared_agency):
    agency = shared_agency
    writer, operator = agency.sign_in("psychometrician"), agency.sign_in("operator")
    proctor = agency.sign_in("proctor")
    codes = {"BARU": 7}
    writer.done("/bank-soal/impor/", files={"file": ("baru.csv", items_file(codes))})
    page = writer.done(
        "/bank-soal/formulir/susun/", code="F2", name="Formulir dua", minutes=30,
        dimensions=["BARU"],
    )  # fmt: skip
    assert "BARU-1 v1" in words_of(page)
    starts = datetime.now(UTC) + timedelta(days=2)

    path = f"/program/{agency.programme}/sesi/"
    asked = {
        "room": option(operator.get(path), "room", "Ruang 1"),
        "form": option(operator.get(path), "form", "Formulir dua"),
        "starts_at": f"{starts:%Y-%m-%dT%H:%M}",
    }
    refused = operator.fill(path, **asked)
    assert refused.status_code == 200
    assert "7 butir rancangan (BARU-1 v1, BARU-2 v1" in words_of(refused)
    assert "dan 2 lagi" in words_of(refused)
    rehearsed = operator.done(path, **asked, is_rehearsal="on")
    rehearsal = max(int(pk) for pk in re.findall(r"/ujian/sesi/(\d+)/", rehearsed.text))
    assert "LATIHAN" in words_of(proctor.done(f"/ujian/sesi/{rehearsal}/buka/"))

    review(writer)
    session = plan_session(agency, starts + timedelta(days=1), form="Formulir dua")

    item = re.search(
        r'value="(\d+)" aria-label="Pilih BARU-3"', writer.get("/bank-soal/tinjauan/").text
    )
    writer.done(MOVE, version=item[1], state="piloted", to="retired", reason="Bocor")
    refused = proctor.fill(f"/ujian/sesi/{session}/buka/")
    assert refused.status_code == 409
    assert "1 butir ditarik (BARU-3 v1)" in words_of(refused)
    writer.done(MOVE, version=item[1], state="retired", to="piloted", reason="Keliru")
    assert "PIN" in words_of(proctor.done(f"/ujian/sesi/{session}/buka/"))


def test_a_step_that_one_item_cannot_take_moves_none(shared_agency):
    writer = shared_agency.sign_in("psychometrician")
    page = writer.get("/bank-soal/tinjauan/").text
    shown = re.findall(r'name="shown" value="(\d+)"', page)

    refused = writer.fill(MOVE, version=shown, state="piloted", to="operational", reason="Siap")
    assert refused.status_code == 409
    assert "parameter" in words_of(refused)
    assert writer.fill(MOVE, version=shown, to="retired", reason=" ").status_code == 409
    stale = writer.fill(
        MOVE, all="yes", shown=shown, state="draft", to="retired",
        reason="Halaman lama",
    )  # fmt: skip
    assert stale.status_code == 409
    assert "sejak halaman ini dibuka" in words_of(stale)
    nothing = writer.done(MOVE, to="retired", reason="Tidak ada")
    assert "Tidak ada butir yang dipilih" in nothing.text
    after = writer.get("/bank-soal/tinjauan/").text
    assert re.findall(r'name="shown" value="(\d+)"', after) == shown
