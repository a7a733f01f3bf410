"""Every Indonesian sentence of the pages has its English one."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

from cakap.settings.reader import read_configuration

SOURCE = Path(__file__).parents[2] / "src" / "cakap"
CALLS = re.compile(r'\b_\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)|\b_\(\'((?:[^\'\\]|\\.)*)\'\)')


def sentences():
    for file in [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html")]:
        for found in CALLS.finditer(file.read_text()):
            yield found[2] or "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found[1]))


def test_every_sentence_is_translated():
    with (SOURCE / "locale/en/LC_MESSAGES/django.mo").open("rb") as file:
        known = set(gettext.GNUTranslations(file)._catalog)

    missing = sorted(set(sentences()) - known)

    assert missing == []


def test_the_configuration_comes_from_the_environment_then_the_file_then_the_default(
    tmp_path, monkeypatch
):
    file = tmp_path / "cakap.toml"
    file.write_text('language = "en"\ntime_zone = "Asia/Makassar"\n')
    monkeypatch.setenv("CAKAP_TIME_ZONE", "Asia/Jayapura")
    monkeypatch.delenv("CAKAP_DATABASE_URL", raising=False)

    found = read_configuration(file)

    assert (found.language, found.time_zone) == ("en", "Asia/Jayapura")
    assert found.database_url.startswith("sqlite:///")
