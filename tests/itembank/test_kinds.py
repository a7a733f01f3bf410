"""Every kind of item: what may be answered, what it is worth, and out to QTI and back."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from world import NOW

from cakap.itembank.content import Draft, clean, cleaned_layout, refuse_incomplete
from cakap.itembank.errors import BadItem, BadPackage
from cakap.itembank.exchange.bank import bank_of
from cakap.itembank.exchange.qti.interactions import read_interactions
from cakap.itembank.exchange.qti.reading import read_package
from cakap.itembank.exchange.qti.writing import write_package
from cakap.itembank.marking import highest, is_marked, mark
from cakap.itembank.models import Item, ItemVersion
from cakap.itembank.responses import answerable
from cakap.itembank.services import File, add_package

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
PICTURE = File(digest=sha256(PNG).hexdigest(), name="peta.png", media_type="image/png", content=PNG)
IMAGE = f"berkas:{PICTURE.digest}"
MATH = "<math><mfrac><mn>1</mn><msqrt><mi>x</mi></msqrt></mfrac></math>"
ABC = {"a": "satu", "b": f"dua {MATH}", "c": f'<img src="{IMAGE}" alt="peta">'}
ROWS = [{"id": "r1", "text": "baris satu"}, {"id": "r2", "text": "baris dua"}]
GAPS = '<p>Ibu kota <span data-gap="G1"></span> adalah <span data-gap="G2"></span>.</p>'


def draft(kind, scores, *, options=ABC, layout=None, stem="<p>Soal</p>", stimulus=""):
    return Draft(
        code=f"X-{kind}", kind=kind, dimension="TIU", stem=stem, options=options,
        scores=scores, layout=layout or {}, stimulus=stimulus,
    )  # fmt: skip


BOTH = {"rows": ROWS, "reuse": True}
ONCE = {"rows": ROWS, "reuse": False}
TWO_GAPS = {"rows": [{"id": "G1", "text": ""}, {"id": "G2", "text": ""}], "reuse": False}
CITIES = [{"id": "x", "text": "Banten"}, {"id": "y", "text": "Serang"}]
OWN_GAPS = {"rows": [{"id": name, "text": "", "options": CITIES} for name in ("G1", "G2")]}
SPOTS = {
    "image": IMAGE, "alt": "peta", "width": 200, "height": 100,
    "shapes": {
        "a": {"shape": "circle", "coords": [20.0, 20.0, 8.0]},
        "b": {"shape": "rect", "coords": [100.0, 10.0, 150.0, 60.0]},
    },
}  # fmt: skip
BLANK = '<span data-gap="isian"></span>'
DRAFTS = [
    draft("single", {"a": 0, "b": 1, "c": 0}),
    draft("graded", {"a": 0, "b": 4, "c": 2}),
    draft("likert", {"a": 0, "b": 1, "c": 2}),
    draft("multiple", {"correct": ["a", "c"], "rule": "each"}, layout={"most": 2}),
    draft("matrix", {"correct": {"r1": "a", "r2": "a"}, "rule": "each"}, layout=BOTH),
    draft("rank", {}, layout={"most": 2}),
    draft("order", {"correct": ["c", "a", "b"], "rule": "all"}),
    draft("match", {"correct": {"r1": "c", "r2": "a"}, "rule": "all"}, layout=ONCE),
    draft(
        "gap", {"correct": {"G1": "a", "G2": "b"}, "rule": "all"}, stem=GAPS,
        options={"a": "Banten", "b": "Serang"}, layout=TWO_GAPS,
    ),
    draft(
        "inline", {"correct": {"G1": "x", "G2": "y"}, "rule": "all"}, stem=GAPS, options={},
        layout=OWN_GAPS,
    ),
    draft("numeric", {"value": 12.5, "tolerance": 0.5}, options={}, stem=f"<p>{BLANK} kg</p>"),
    draft(
        "text", {"accepted": ["Serang", "kota Serang"], "case": False}, options={},
        layout={"most": 40}, stem=f"<p>Kota {BLANK}</p>",
    ),
    draft("essay", {}, options={}, layout={"lines": 5, "most": 2000}),
    draft("hotspot", {"a": 1, "b": 0}, options={"a": "kiri", "b": "kanan"}, layout=SPOTS),
    draft(
        "slider", {"value": 30, "tolerance": 0}, options={},
        layout={"lower": 0, "upper": 100, "step": 10},
    ),
]  # fmt: skip
BY_KIND = {one.kind: one for one in DRAFTS}


def test_every_kind_is_here():
    assert set(BY_KIND) == set(Item.Kind.values)


@pytest.mark.parametrize("one", DRAFTS, ids=lambda one: one.kind)
def test_a_sound_draft_is_taken(one):
    refuse_incomplete(one)


@pytest.mark.parametrize(("bound", "typed"), [("upper-bound", "inf"), ("step", "nan")])
def test_a_number_of_a_package_that_is_not_finite_is_no_item(bound, typed):
    node = etree.fromstring(f"<qti-slider-interaction {bound}='{typed}'/>")

    with pytest.raises(ValueError, match="bilangan"):
        read_interactions(node, [node])


# kind, response, worth, a response that is none
ANSWERS = [
    ("single", "b", 1, "z"),
    ("graded", "c", 2, "a b"),
    ("likert", "c", 2, "A"),
    ("hotspot", "a", 1, "12,3"),
    ("multiple", "a c", 2, "c a"),
    ("multiple", "a b", 0, "a b c"),
    ("matrix", "r1:a r2:b", 1, "r2:a r1:a"),
    ("order", "c a b", 1, "c c a"),
    ("order", "a b c", 0, "a b c d"),
    ("match", "r1:c r2:a", 1, "r1:c r2:c"),
    ("gap", "G1:a G2:b", 1, "G1:a G3:b"),
    ("inline", "G1:x", 0, "G1:z"),
    ("numeric", "12.9", 1, "12,9"),
    ("numeric", "13.1", 0, "1e3"),
    ("slider", "30", 1, "110"),
    ("text", "  kota   SERANG ", 1, "x" * 41),
    ("text", "Cilegon", 0, "a\x00"),
]


@pytest.mark.parametrize(("kind", "response", "worth", "none"), ANSWERS)
def test_a_response_has_its_worth_and_nonsense_is_none(kind, response, worth, none):
    one = BY_KIND[kind]
    may = answerable(one.asked)

    assert may("")
    assert may(response)
    assert not may(none)
    assert mark(kind, one.scores, response) == worth <= highest(kind, one.scores)


def test_ranks_and_essays_are_collected_not_marked():
    assert not is_marked("rank", {})
    assert not is_marked("essay", {})
    assert answerable(BY_KIND["rank"].asked)("c a")
    assert answerable(BY_KIND["essay"].asked)("Baris satu\nbaris dua")


@given(st.sampled_from(DRAFTS), st.text(max_size=30))
def test_whatever_may_be_answered_can_be_marked(one, text):
    if text and answerable(one.asked)(text) and is_marked(one.kind, one.scores):
        assert 0 <= mark(one.kind, one.scores, text) <= highest(one.kind, one.scores)


BROKEN = [
    ("single", {"scores": {"a": 1, "b": 1, "c": 0}}, "tepat satu"),
    ("multiple", {"scores": {}}, "kunci kosong"),
    ("multiple", {"scores": {"correct": ["z"], "rule": "all"}}, "tidak ada"),
    ("matrix", {"layout": {"rows": []}}, "baris atau rumpang"),
    ("gap", {"stem": "<p>Tanpa rumpang</p>"}, "pokok soal"),
    ("inline", {"layout": {"rows": [{"id": "G1", "options": []}]}}, "rumpang"),
    ("numeric", {"scores": {"value": "dua"}}, "value"),
    ("text", {"scores": {"accepted": [" "]}}, "jawaban yang diterima"),
    ("slider", {"layout": {"lower": 5, "upper": 1}}, "batas"),
    ("hotspot", {"layout": {"image": "https://x/y.png"}}, "gambar"),
    ("order", {"options": {"a b": "satu", "c": "dua"}}, "penanda pilihan"),
    ("rank", {"scores": {"correct": ["a"]}}, "tidak memiliki kunci"),
]


@pytest.mark.parametrize(("kind", "change", "words"), BROKEN)
def test_a_broken_draft_gets_one_sentence(kind, change, words):
    with pytest.raises(BadItem, match=words):
        refuse_incomplete(replace(BY_KIND[kind], **change))


def plain(one):
    """A draft as the bank keeps it."""
    return replace(
        one, stem=clean(one.stem), layout=cleaned_layout(one.layout),
        options={key: clean(text) for key, text in one.options.items()},
    )  # fmt: skip


def test_out_to_qti_and_back_is_the_same_bank(world):
    """Pain 12: import says done, content is gone. Export, import, export: nothing is lost."""
    stimuli = {"S1": ("Bacaan", f"<p>Teks {MATH}</p>")}
    drafts = [replace(one, stimulus="S1") for one in DRAFTS]
    add_package(
        agency=world.agency, drafts=drafts, stimuli=stimuli, files=[PICTURE], actor="t", now=NOW
    )
    bank = bank_of(world.agency)

    package = read_package("b.zip", write_package(bank.drafts, bank.stimuli, bank.files))

    assert package.left_out == package.notes == []
    back = {one.code: plain(one) for one in package.drafts}
    for one in bank.drafts:
        assert back[one.code] == plain(one), one.kind
    assert package.stimuli == stimuli
    again = add_package(
        agency=world.agency, drafts=package.drafts, stimuli=package.stimuli,
        files=list(package.files.values()), actor="t", now=NOW,
    )  # fmt: skip
    assert (again.new, again.revised, again.same) == (0, 0, len(drafts))
    assert ItemVersion.objects.filter(stimulus__code="S1").count() == len(drafts)


def test_only_the_banks_own_files_are_shown():
    kept = clean(
        '<img src="https://jahat.example/x.png" alt="x"><img src="javascript:x"><math><mi>x</mi>'
        '</math><audio src="berkas:1" controls></audio><svg><script>x</script></svg>'
    )

    assert "jahat" not in kept
    assert "javascript" not in kept
    assert "script" not in kept
    assert '<audio src="berkas:1" controls' in kept
    assert "<math><mi>x</mi></math>" in kept


ITEM = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="Q" label="TIU">
<qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">
<qti-correct-response><qti-value>A</qti-value></qti-correct-response></qti-response-declaration>{more}
<qti-item-body><p>Soal</p>{body}</qti-item-body>{tail}</qti-assessment-item>"""
CHOICE = """<qti-choice-interaction response-identifier="RESPONSE" max-choices="1">
<qti-simple-choice identifier="A">1</qti-simple-choice><qti-simple-choice identifier="B">2</qti-simple-choice>
</qti-choice-interaction>"""


def package_of(item, **files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "imsmanifest.xml",
            '<manifest><resources><resource type="imsqti_item_xmlv3p0" href="q.xml"/></resources></manifest>',
        )
        archive.writestr("q.xml", item)
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (ITEM.format(more="", body="<qti-drawing-interaction/>", tail=""), "qti-drawing-interaction"),
        (ITEM.format(more="", body=CHOICE + CHOICE, tail=""), "qti-choice-interaction, qti-choice"),
        (ITEM.format(more="<qti-template-declaration/>", body=CHOICE, tail=""), "templat soal"),
        (
            ITEM.format(
                more="", body=CHOICE,
                tail="<qti-response-processing><qti-lookup-outcome-value/></qti-response-processing>",
            ),
            "pengolahan jawaban khusus",
        ),
    ],
)  # fmt: skip
def test_what_is_not_supported_is_named_item_by_item(item, words):
    found = read_package("p.zip", package_of(item))

    assert found.drafts == []
    assert words in found.left_out[0]
    assert found.left_out[0].startswith("q.xml: ")


def test_a_part_that_is_left_out_is_noted():
    item = ITEM.format(more="", body=CHOICE, tail="<qti-modal-feedback/>")

    found = read_package("p.zip", package_of(item))

    assert [one.kind for one in found.drafts] == ["single"]
    assert found.notes == ["q.xml: umpan balik tidak diimpor"]


def test_a_film_is_part_of_the_question():
    film = '<video><source src="f.mp4" type="video/mp4"/></video>'
    body = f"<qti-media-interaction>{film}</qti-media-interaction>{CHOICE}"
    item = ITEM.format(more="", body=body, tail="")

    found = read_package("p.zip", package_of(item, f__mp4=b"\x00\x00\x00\x18ftypmp42"))

    (draft,) = found.drafts
    assert f'src="berkas:{found.files["f.mp4"].digest}"></video>' in clean(draft.stem)


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><qti-assessment-item>&a;</qti-assessment-item>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(package_of(BOMB), "DOCTYPE", id="entities"),
        pytest.param(package_of(OUTSIDE), "DOCTYPE", id="a file of the server"),
        pytest.param(package_of("<x/>", big=b"0" * (51 * 2**20)), "50 MiB", id="zip bomb"),
        pytest.param(
            package_of(ITEM.format(more="", body='<img src="x.png"/>' + CHOICE, tail=""), x__png=b"<script>"),
            "diharapkan .gif", id="a script as a picture",
        ),
        pytest.param(
            package_of(ITEM.format(more="", body='<img src="../../etc/passwd"/>' + CHOICE, tail="")),
            "tidak ditemukan", id="outside the package",
        ),
    ],
)  # fmt: skip
def test_attacks_are_refused_with_one_sentence(content, words):
    with pytest.raises(BadPackage, match=words):
        read_package("p.zip", content)
