"""Assessment, placement and talent management of civil servants: from a test answer to a decree."""

from __future__ import annotations

__version__ = "0.1.0"
