"""Fixtures: small and named."""

from __future__ import annotations

import os

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings
from initialised import FOLDER
from world import World, make_open_session, make_world

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop is not ours
# How long an example takes tells of the machine and of what else it does, not of the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what asks the database of this run: on a second database only that is worth running again."""
    for item in items:
        if {"db", "transactional_db"} & set(item.fixturenames) or item.get_closest_marker(
            "django_db"
        ):
            item.add_marker("database")


@pytest.fixture(autouse=True)
def _fresh_cache():
    """Counts of failed sign-ins do not outlive a test; nor do forms remembered by number."""
    from cakap.delivery import ends, saving, services
    from cakap.delivery.views import exam
    from cakap.itembank.adaptive import forget_sections

    cache.clear()
    saving.answerable_of.cache_clear()
    saving.late_grace.cache_clear()
    saving.pools_of.cache_clear()
    saving.timed_of.cache_clear()
    saving.notices_of.cache_clear()
    exam.content_of.cache_clear()
    exam._shown_of.cache_clear()
    services._prior.cache_clear()
    services._begin_window.cache_clear()
    ends.counted_answers.cache_clear()
    services._registration_required.cache_clear()
    forget_sections()


@pytest.fixture(scope="session", autouse=True)
def _initialised_once(tmp_path_factory):
    """Where this run, on all its workers, keeps the data directory that tests copy.

    `scripts/test` names one for all its runs.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ.setdefault(FOLDER, str(shared / "initialised"))


@pytest.fixture(scope="session")
def playwright():
    """One for all browsers: it has a loop of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as found:
        yield found


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.fixture
def session(world):
    return make_open_session(world)


@pytest.fixture
def published(world):
    """Everybody of the agency through an assessment centre, levels by hand, results out."""
    from centre_results import publish_centre

    return publish_centre(world)
