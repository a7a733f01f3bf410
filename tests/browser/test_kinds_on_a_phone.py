"""On a phone: every kind of item, and the page of those who wait at the door."""

from __future__ import annotations

import phone
import pytest
from browser.test_exam_day import ANSWERS, form_of_all_kinds
from browser.test_journeys import accessible, begin, enter
from commands import PATIENCE
from itembank.test_kinds import DRAFTS
from world import NOW, make_form, make_open_session, make_world

from cakap.itembank.models import Section
from cakap.programmes.services import accommodate
from cakap.web.waves import waiting_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hand(chromium, live_server):
    context = chromium.new_context(base_url=live_server.url, locale="id-ID", **phone.LOOKS)
    context.set_default_timeout(1000 * PATIENCE)
    yield context.new_page()
    context.close()


def cell_is_all_its_radios(page):
    """A finger at the edge of a cell chooses what stands in it; what is chosen says its row and column."""
    cell = page.locator("#question tbody td").last
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    for x, y in ((2, 2), (box["width"] - 2, box["height"] - 2)):
        page.locator("#question tbody tr").last.locator("input").first.check()
        assert not cell.locator("input").is_checked()
        cell.tap(position={"x": x, "y": y})
        assert cell.locator("input").is_checked()
    assert page.get_by_role("radio", name="baris dua: satu").count() == 1


def in_high_contrast(page):
    """A table and a notice; which notice is all one."""
    page.evaluate(
        """() => Object.assign(
          document.getElementById("warning"), { hidden: false, textContent: "Sisa waktu 1 menit" },
        )"""
    )
    page.locator("#contrast").tap()
    accessible(page)
    page.locator("#contrast").tap()


def test_every_kind_of_item_is_large_enough(hand):
    session = make_open_session(world := make_world(), form=form_of_all_kinds(world))
    seat = session.seats.order_by("number")[0]
    accommodate(
        participant=seat.participant, extra_percent=30, larger_type=False, reader=True,
        reason="Netra", actor="o", now=NOW,
    )  # fmt: skip
    begin(hand, session)
    found = {}
    for draft in DRAFTS:
        question = hand.locator("#question")
        assert question.get_attribute("data-kind") == draft.kind
        found[draft.kind] = phone.unfit(hand)
        ANSWERS[draft.kind][0](question)
        found[f"{draft.kind}, answered"] = phone.unfit(hand)
        if draft.kind == "matrix":
            cell_is_all_its_radios(hand)
            accessible(hand)
            in_high_contrast(hand)
        hand.locator("#next").tap() if draft.kind != "slider" else None

    assert len(found) == 2 * len(DRAFTS)
    assert {kind: what for kind, what in found.items() if what} == {}


def test_the_door_of_a_section_is_large_enough(hand):
    form = make_form(world := make_world())
    Section.objects.filter(form=form).update(minutes=10, title="Satu", instructions="Baca dahulu.")
    session = make_open_session(world, form=form)
    enter(hand, session)
    hand.check("[name=agree]")
    hand.click("text=Lanjut ke latihan")
    hand.click("text=Mulai ujian")
    hand.wait_for_selector("text=Bagian ini memiliki waktu sendiri: 10 menit.")
    found = {"door": phone.unfit(hand)}
    hand.locator("#question button").tap()
    hand.wait_for_selector("#question fieldset")
    found["inside"] = phone.unfit(hand)

    assert found == {"door": [], "inside": []}


def test_the_page_of_those_who_wait_is_large_enough(hand):
    hand.route(
        "**/ujian/",
        lambda route: route.fulfill(
            status=503, content_type="text/html; charset=utf-8", body=waiting_page("id", {})
        ),
    )
    hand.goto("/ujian/")
    hand.wait_for_selector("#wait:not([hidden])")
    assert phone.unfit(hand) == []
    hand.evaluate("() => { document.getElementById('again').hidden = false; }")  # without a script
    assert phone.unfit(hand) == []
