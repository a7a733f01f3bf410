"""The root of all refusals: a rule said no, and the class docstring is the sentence a person reads."""

from __future__ import annotations


class Refused(Exception):
    """Permintaan ini tidak dapat dipenuhi."""

    status = 409

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def code(self) -> str:
        """The refusal's name, stable for machines."""
        return type(self).__name__


class NotAllowed(Refused):
    """Anda tidak berwenang melakukan tindakan ini."""

    status = 403


class StalePage(Refused):
    """Halaman ini sudah tidak sesuai dengan keadaan sekarang. Muat ulang halaman lalu periksa lagi."""


class TooLarge(Refused):
    """Kiriman ini terlalu besar."""

    status = 413
