"""Settings of the test suite: a throw-away data directory, cheap password hashes, tasks at once."""

from __future__ import annotations

import os
import tempfile

os.environ["CAKAP_DATA"] = tempfile.mkdtemp(prefix="cakap-test-")
os.environ.setdefault("CAKAP_CONFIG", "/nonexistent")

from cakap.settings.base import *

STATIC_ROOT.mkdir(parents=True)  # the file server looks for it at start
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
