from __future__ import annotations

from cakap.errors import Refused


class UnknownRule(Refused):
    """Aturan itu tidak ada dalam buku kebijakan."""


class WrongShape(Refused):
    """Nilai pengganti harus berbentuk sama dengan nilai bawaan."""
