"""From collected answers, or a file, to parameters in force: compared, chosen, adopted, recomputed."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from world import NOW, make_open_session

from cakap.accounts.models import Role
from cakap.delivery.saving import Sent
from cakap.delivery.services import begin, give_consent, keep_events, sign_in, submit
from cakap.itembank.content import Draft
from cakap.itembank.errors import BadItem, BadMove, NotCalibrated
from cakap.itembank.models import ItemParameters, ItemVersion
from cakap.itembank.queries import in_force
from cakap.itembank.services import (
    SectionPlan,
    add_items,
    adopt_parameters,
    build_form,
    move_version,
)
from cakap.jobs.models import Job
from cakap.programmes.models import Session
from cakap.programmes.services import close_session, open_session
from cakap.science.workers import threads
from cakap.scoring.calibrations import adopt, ask_for_calibration, carry_out, first_difference
from cakap.scoring.errors import BadAnswers, CannotAdopt, NothingToCalibrate
from cakap.scoring.models import Calibration
from cakap.scoring.tasks import calibrate_bank

CODES = [f"TIU-{n}" for n in range(4)]


def csv_of(persons=600, seed=1, codes=CODES, moved=0.0, groups=False):
    """Answers to items of the bank: a file as an operator would bring it."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(persons, 1))
    b = np.linspace(-1, 1, len(codes)) + moved
    right = (rng.random((persons, len(codes))) < 1 / (1 + np.exp(-1.4 * (theta - b)))).astype(int)
    head = ["nip", *codes, *(["jk"] if groups else [])]
    rows = [
        [f"p{n}", *row, *(["L" if n % 2 else "P"] if groups else [])]
        for n, row in enumerate(right.tolist())
    ]
    return "\n".join(",".join(map(str, row)) for row in [head, *rows]).encode()


def carried_out(world, content=None, **more):
    told = {"model": "2pl", "upload": ("j.csv", content or csv_of()), "id_column": "nip"}
    row = ask_for_calibration(agency=world.agency, actor="t", now=NOW, **(told | more))
    with threads() as workers:
        carry_out(row, workers=workers)
    row.refresh_from_db()
    return row


@pytest.fixture
def bank(world):
    make_open_session(world)
    return world


def test_a_file_becomes_items_beside_those_in_force(bank):
    row = carried_out(bank)

    items = list(row.items.all())
    assert [item.name for item in items] == CODES
    assert all(item.version and item.a > 0 and item.se["a"] > 0 for item in items)
    assert all(item.old == {"a": 1.5, "b": [0.0]} for item in items)
    assert row.summary["n_persons"] == 600
    assert row.summary["link"]["anchors"] == 4
    assert in_force([items[0].version_id])[items[0].version_id] == (1.5, [0.0])


def test_what_is_chosen_comes_into_force_and_the_old_is_kept(bank):
    row = carried_out(bank)
    chosen = row.items.first()

    assert adopt(calibration=row, places=[1], actor="t", now=NOW) == 1

    assert in_force([chosen.version_id]) == {chosen.version_id: (chosen.a, chosen.b)}
    kept = ItemParameters.objects.get(version=chosen.version, retired_at__isnull=False)
    assert (kept.slope, kept.source) == (1.5, "simulated")
    assert in_force([row.items.last().version_id])[row.items.last().version_id] == (1.5, [0.0])


def test_new_items_come_onto_the_scale_of_those_in_force(bank):
    """The same items, harder by one: the link takes it back, since it is the people who differ."""
    versions = {v.item.code: v.pk for v in ItemVersion.objects.filter(item__code__in=CODES)}
    adopt_parameters(
        agency=bank.agency,
        parameters={versions[c]: (1.4, [b]) for c, b in zip(CODES, np.linspace(-1, 1, 4), strict=True)},
        source=ItemParameters.Source.CALIBRATED, actor="t", now=NOW,
    )  # fmt: skip

    row = carried_out(bank, csv_of(persons=4000, moved=1.0))

    assert row.summary["link"]["B"] == pytest.approx(-1, abs=0.15)
    assert [item.b[0] for item in row.items.all()] == pytest.approx(np.linspace(-1, 1, 4), abs=0.2)


def test_rasch_keeps_one_slope_on_the_banks_scale(world):
    add_items(
        agency=world.agency, actor="t", now=NOW,
        drafts=[
            Draft(
                code=code, kind="single", dimension="N", stem="<p>x</p>",
                options={"a": "1", "b": "2"}, scores={"a": 1, "b": 0},
            )
            for code in ("N1", "N2", "N3")
        ],
    )  # fmt: skip

    row = carried_out(world, csv_of(codes=["N1", "N2", "N3"], persons=3000), model="rasch")

    items = list(row.items.all())
    assert len({round(item.a, 9) for item in items}) == 1
    assert items[0].a == pytest.approx(1.4, abs=0.2)
    assert [item.b[0] for item in items] == pytest.approx([-1, 0, 1], abs=0.2)


def test_groups_are_compared_item_by_item(bank):
    row = carried_out(bank, csv_of(groups=True), group_by="jk")

    assert [group["name"] for group in row.summary["latent"]] == ["L", "P"]
    assert all(item.dif["level"] == "A" for item in row.items.all())
    small = carried_out(bank, csv_of(groups=True, persons=80), group_by="jk")
    assert any("DIF tidak dihitung" in one for one in small.summary["warnings"])


def test_a_finished_calibration_comes_out_again_and_a_changed_one_is_found(bank):
    row = carried_out(bank)
    with threads() as workers:
        assert first_difference(row, workers=workers) == ""
        row.summary["loglik"] += 1
        assert "dihitung ulang" in first_difference(row, workers=workers)
        row.upload = csv_of(seed=2)
        assert "bahan tidak sama" in first_difference(row, workers=workers)


def test_only_what_was_compared_is_replaced(bank):
    row, other = carried_out(bank), carried_out(bank)
    adopt(calibration=other, places=[1], actor="t", now=NOW)

    with pytest.raises(CannotAdopt, match="sudah berubah"):
        adopt(calibration=row, places=[1], actor="t", now=NOW)


def test_what_must_not_be_adopted_is_refused(bank):
    with pytest.raises(CannotAdopt, match="Pilih sedikitnya"):
        adopt(calibration=carried_out(bank), places=[], actor="t", now=NOW)
    seen = carried_out(bank, model="gpcm")
    with pytest.raises(CannotAdopt, match="gpcm"):
        adopt(calibration=seen, places=[1], actor="t", now=NOW)
    strange = carried_out(bank, csv_of(codes=["X", "Y", "Z"]))
    assert strange.items.filter(version__isnull=False).count() == 0
    with pytest.raises(CannotAdopt, match="bank soal"):
        adopt(calibration=strange, places=[1], actor="t", now=NOW)
    assert in_force(list(ItemVersion.objects.values_list("pk", flat=True)))


def test_a_wrong_key_is_named_and_not_adopted(bank):
    lines = csv_of().decode().splitlines()
    turned = [lines[0], *(f"{line.rsplit(',', 1)[0]},{1 - int(line[-1])}" for line in lines[1:])]

    row = carried_out(bank, "\n".join(turned).encode())

    assert any("TIU-3: daya beda negatif" in one for one in row.summary["warnings"])
    with pytest.raises(CannotAdopt, match="negatif"):
        adopt(calibration=row, places=[4], actor="t", now=NOW)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nip,A\n1,x\n", "Baris 2, kolom A"),
        (b"A,B\n1,0\n", "diharapkan kolom nip"),
        (b"nip\n1\n", "sedikitnya satu orang"),
        (b"", "tidak terbaca"),
        (b"nip,A\n" + b"".join(b"%d,%d\n" % (n, n) for n in range(30)), "30 nilai berbeda"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(world, content, words):
    with pytest.raises(BadAnswers, match=words):
        ask_for_calibration(
            agency=world.agency, model="2pl", upload=("j.csv", content), id_column="nip",
            actor="t", now=NOW,
        )  # fmt: skip

    assert not Calibration.objects.exists()


def sat_by_all(world):
    """Every seat's person answers: the first option of each item, every third the second."""
    for session in Session.objects.filter(programme__initiator=world.agency).order_by("starts_at"):
        now = session.starts_at
        if session.state != Session.State.OPEN:
            open_session(session=session, actor="t", now=now)
        session.refresh_from_db()
        for number, seat in enumerate(session.seats.select_related("participant__employee")):
            attempt = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=now)
            give_consent(attempt=attempt, now=now)
            attempt.refresh_from_db()
            attempt = begin(attempt=attempt, now=now)
            versions = ItemVersion.objects.filter(item__dimension="TIU", item__agency=world.agency)
            sent = [
                Sent(seq=k, kind="answer", item=v.pk, response="ab"[(number + k) % 3 == 0], at=now)
                for k, v in enumerate(versions.order_by("pk"), start=1)
            ]
            keep_events(attempt=attempt, device=attempt.device, sent=sent, now=now)
            submit(attempt=attempt, device=attempt.device, last_seq=len(sent), now=now)
        close_session(session=session, actor="t", now=now)
    return now


def test_collected_answers_are_calibrated_off_the_page(world, client):
    make_open_session(world)
    sat_by_all(world)
    client.force_login(world.user(Role.PSYCHOMETRICIAN))

    answer = client.post(
        reverse("scoring:from_answers"), {"dimension": "TIU", "model": "rasch", "group_by": ""}
    )

    row = Calibration.objects.get()
    assert answer.url == reverse("scoring:calibration", args=[row.pk])
    job = Job.objects.get(kind="scoring.calibrate")
    if job.state == Job.State.WAITING:
        calibrate_bank.func(job=job.pk, calibration=row.pk)
    job.refresh_from_db()
    assert (job.state, job.done > 0) == (Job.State.DONE, True), job.message
    row.refresh_from_db()
    assert row.summary["n_persons"] == 11
    assert row.items.first().classical["n"] == 11
    shares = [one["share"] for one in row.items.first().options]
    assert sum(shares) == pytest.approx(1)


def test_a_calibration_that_failed_says_why_on_its_own_page(world, client):
    make_open_session(world)
    client.force_login(world.user(Role.PSYCHOMETRICIAN))
    client.post(
        reverse("scoring:from_answers"), {"dimension": "TIU", "model": "rasch", "group_by": ""}
    )
    row, job = Calibration.objects.get(), Job.objects.get(kind="scoring.calibrate")
    if job.state == Job.State.WAITING:
        with pytest.raises(NothingToCalibrate):
            calibrate_bank.func(job=job.pk, calibration=row.pk)
    job.refresh_from_db()

    page = client.get(reverse("scoring:calibration", args=[row.pk])).content.decode()
    listed = client.get(reverse("scoring:calibrations")).content.decode()

    assert job.state == Job.State.FAILED
    assert job.message in page
    assert "hx-trigger" not in page
    assert "gagal" in listed


def test_nobody_has_answered_yet(world):
    make_open_session(world)
    row = ask_for_calibration(
        agency=world.agency, model="rasch", dimension="TIU", actor="t", now=NOW
    )

    with threads() as workers, pytest.raises(NothingToCalibrate):
        carry_out(row, workers=workers)


def test_the_pages_show_curves_comparison_and_adopt(bank, client):
    row = carried_out(bank)
    client.force_login(bank.user(Role.PSYCHOMETRICIAN))

    page = client.get(reverse("scoring:calibration", args=[row.pk])).content.decode()
    card = client.get(reverse("scoring:item", args=[row.items.first().pk])).content.decode()

    assert "Parameter lama dan baru" in page
    assert "TIU-0" in page
    assert "galat baku" in card
    pictures = [
        ("scoring:picture", row.pk, "informasi"), ("scoring:picture", row.pk, "a"),
        ("scoring:picture", row.pk, "b"), ("scoring:item_picture", row.items.first().pk, "kurva"),
        ("scoring:item_picture", row.items.first().pk, "informasi"),
    ]  # fmt: skip
    for name, pk, kind in pictures:
        assert client.get(reverse(name, args=[pk, kind])).content.startswith(b"<svg")
    assert client.get(reverse("scoring:picture", args=[row.pk, "lain"])).status_code == 404
    client.post(reverse("scoring:adopt", args=[row.pk]), {"place": ["2", "3"]})
    assert row.items.filter(adopted=True).count() == 2
    assert "ditetapkan" in client.get(reverse("scoring:calibrations")).content.decode()


def test_a_file_comes_in_by_its_page(bank, client):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(bank.user(Role.PSYCHOMETRICIAN))
    told = {"model": "2pl", "id_column": "nip", "group_by": ""}

    bad = client.post(
        reverse("scoring:from_file"), told | {"file": SimpleUploadedFile("j.csv", b"nip,A\n1,x\n")}
    )
    good = client.post(
        reverse("scoring:from_file"), told | {"file": SimpleUploadedFile("j.csv", csv_of())}
    )

    assert bad.status_code == 400
    assert "Baris 2, kolom A" in bad.content.decode()
    assert good.status_code == 302
    assert Calibration.objects.count() == 1


def test_an_item_goes_through_review_step_by_step(world, client):
    draft = Draft(
        code="BARU", kind="single", dimension="N", stem="<p>x</p>",
        options={"a": "1", "b": "2"}, scores={"a": 1, "b": 0},
    )  # fmt: skip
    add_items(agency=world.agency, drafts=[draft], actor="t", now=NOW)
    version = ItemVersion.objects.get(item__code="BARU")

    def move(to, reason="telah ditinjau"):
        version.refresh_from_db()
        move_version(version=version, to=to, reason=reason, actor="t", now=NOW)

    for to, reason in (("operational", "x"), ("piloted", " "), ("draft", "x")):
        with pytest.raises(BadMove):
            move(to, reason)
    move("piloted")
    with pytest.raises(NotCalibrated):
        move("operational")
    adopt_parameters(
        agency=world.agency, parameters={version.pk: (1.0, [0.0])},
        source=ItemParameters.Source.CALIBRATED, actor="t", now=NOW + timedelta(minutes=1),
    )  # fmt: skip
    version.refresh_from_db()
    assert version.state == "operational"
    client.force_login(world.user(Role.PSYCHOMETRICIAN))
    client.post(reverse("itembank:move", args=[version.pk]), {"to": "retired", "reason": "bocor"})
    version.refresh_from_db()
    assert version.state == "retired"
    assert "BARU" in client.get(reverse("itembank:review")).content.decode()
    with pytest.raises(BadItem, match="BARU sudah ditarik"):
        build_form(
            agency=world.agency, code="X", name="X", minutes=1, actor="t", now=NOW,
            sections=[SectionPlan(title="x", instructions="", codes=["BARU"])],
        )  # fmt: skip
