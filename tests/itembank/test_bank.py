from __future__ import annotations

import io
import zipfile
from collections import Counter

import pytest
from world import NINE, NOW, make_form

from cakap.accounts.models import Role
from cakap.demo.bank import DATA, demo_bank
from cakap.itembank.content import Draft, clean
from cakap.itembank.errors import BadItem, BadPackage, FormIsFrozen, ItemInUse
from cakap.itembank.exchange.qti.reading import read_package
from cakap.itembank.exchange.rows import drafts_from
from cakap.itembank.generators import reasoning_items
from cakap.itembank.models import ItemVersion
from cakap.itembank.services import SectionPlan, add_items, build_form, edit_version, freeze_form
from cakap.registry.imports.tables import read_table

NS = 'xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"'
CHOICE = f"""<qti-assessment-item {NS} identifier="Q1" title="t" label="M.01">
<qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">
<qti-correct-response><qti-value>B</qti-value></qti-correct-response></qti-response-declaration>
<qti-item-body><p>Berapa 1 + 1?</p><qti-choice-interaction response-identifier="RESPONSE" max-choices="1">
<qti-simple-choice identifier="A">1</qti-simple-choice>
<qti-simple-choice identifier="B"><b onclick="x()">2</b><script>alert(1)</script></qti-simple-choice>
</qti-choice-interaction></qti-item-body></qti-assessment-item>"""
DRAWING = f"""<qti-assessment-item {NS} identifier="Q2" title="t"><qti-item-body>
<qti-drawing-interaction response-identifier="R"/></qti-item-body></qti-assessment-item>"""


def package(**items):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        rows = "".join(
            f'<resource type="imsqti_item_xmlv3p0" href="{name}.xml"/>' for name in items
        )
        archive.writestr("imsmanifest.xml", f"<manifest><resources>{rows}</resources></manifest>")
        for name, content in items.items():
            if content:
                archive.writestr(f"{name}.xml", content)
    return out.getvalue()


def test_a_qti_package_is_read_and_what_is_not_is_named():
    found = read_package("p.zip", package(q1=CHOICE, q2=DRAWING))

    (draft,) = found.drafts
    assert (draft.code, draft.kind, draft.scores) == ("Q1", "single", {"A": 0, "B": 1})
    assert len(found.left_out) == 1
    assert "q2.xml" in found.left_out[0]
    assert "qti-drawing-interaction" in found.left_out[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"not a zip", "bukan zip", id="no zip"),
        pytest.param(package(q1="<broken"), "XML rusak", id="broken XML"),
        pytest.param(package(q1=""), "q1.xml", id="missing file"),
    ],
)
def test_a_broken_package_gets_one_sentence(content, words):
    with pytest.raises(BadPackage, match=words):
        read_package("p.zip", content)


def test_markup_is_cleaned_before_it_is_kept(world):
    add_items(
        agency=world.agency, drafts=read_package("p.zip", package(q1=CHOICE)).drafts,
        actor="t", now=NOW,
    )  # fmt: skip

    text = str(ItemVersion.objects.get().options)
    assert "script" not in text
    assert "onclick" not in text
    assert clean("<p onload=x>a</p>") == "<p>a</p>"


def test_an_item_with_other_content_is_a_new_version(world):
    def draft(stem):
        return Draft(
            code="X", kind="single", dimension="TIU", stem=stem,
            options={"a": "1", "b": "2"}, scores={"a": 1, "b": 0},
        )  # fmt: skip

    tallies = [
        add_items(agency=world.agency, drafts=[draft(stem)], actor="t", now=NOW)
        for stem in ("satu", "satu", "dua")
    ]

    assert [(t.new, t.same, t.revised) for t in tallies] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]


def test_what_is_in_a_form_is_not_edited_and_a_used_form_not_rebuilt(world):
    form = make_form(world)
    version = ItemVersion.objects.first()

    with pytest.raises(ItemInUse):
        edit_version(version=version, stem="x", options={}, actor="t", now=NOW)
    freeze_form(form=form, now=NOW)
    with pytest.raises(FormIsFrozen):
        build_form(
            agency=world.agency, code=form.code, name="x", minutes=1,
            sections=[SectionPlan(title="", instructions="", codes=[])], actor="t", now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("X,aneh,M.01,soal,a,1,b,2", "baris 2: kolom jenis"),
        ("X,graded,M.01,soal,a,9,b,2", "di luar"),
        ("X,graded,M.01,soal,a,x,b,2", "nilai_a"),
        ("X,single,TIU,soal,a,1,b,1", "tepat satu jawaban benar"),
        ("X,single,TIU,,a,1,b,0", "pokok soal kosong"),
    ],
)
def test_a_wrong_item_row_is_named(row, words):
    head = "kode,jenis,dimensi,soal,pilihan_a,nilai_a,pilihan_b,nilai_b"

    with pytest.raises(BadItem, match=words):
        drafts_from(read_table("b.csv", f"{head}\n{row}\n".encode()))


def test_the_demo_bank_is_as_large_as_promised(world):
    form = demo_bank(agency=world.agency, seed=1, actor="t", now=NOW)

    rows = ItemVersion.objects.filter(item__agency=world.agency).select_related("item")
    graded = Counter(row.item.dimension for row in rows if row.item.kind == "graded")
    assert set(graded) == set(NINE)
    assert min(graded.values()) >= 8
    kinds = Counter(row.item.kind for row in rows)
    assert (kinds["single"], kinds["likert"]) == (40, 48)
    assert all(row.example for row in rows)
    assert sum(section.items.count() for section in form.sections.all()) == 160


def test_every_situational_item_grades_its_options_one_to_five():
    drafts = drafts_from(read_table("s.csv", (DATA / "situasional.csv").read_bytes()))

    assert all(sorted(draft.scores.values()) == [0, 1, 2, 3, 4] for draft in drafts)


def test_reasoning_items_come_out_the_same_for_a_seed_and_have_five_options():
    first, second = reasoning_items(seed=3), reasoning_items(seed=3)

    assert first == second != reasoning_items(seed=4)
    assert all(len(set(draft.options.values())) == 5 for draft in first)


def test_the_psychometrician_previews_an_item_as_it_is_seen(client, world):
    demo_bank(agency=world.agency, seed=1, actor="t", now=NOW)
    client.force_login(world.user(Role.PSYCHOMETRICIAN))
    pk = ItemVersion.objects.filter(item__kind="graded")[0].pk

    page = client.get(f"/bank-soal/butir/{pk}/").content.decode()

    assert "contoh, belum divalidasi" in page
    assert "simulasi, bukan kalibrasi" in page
