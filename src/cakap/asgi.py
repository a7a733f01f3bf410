"""The same pages over ASGI, for a server that speaks it."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cakap.settings.base")
application = get_asgi_application()
