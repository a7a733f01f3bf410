"""By how much a site's clock differs from the centre's, in a sentence."""

from __future__ import annotations

from datetime import timedelta

from cakap.delivery.models import LoadedPackage

CLOCK_MAY_DIFFER = timedelta(seconds=60)


def clock_sentence(off: float | None) -> str:
    """That a site's clock is ahead of the centre's, or behind it, by more than may be; or nothing."""
    if off is None or abs(off) <= CLOCK_MAY_DIFFER.total_seconds():
        return ""
    hours, rest = divmod(round(abs(off)), 3600)
    minutes, seconds = divmod(rest, 60)
    length = " ".join(
        f"{n} {unit}" for n, unit in ((hours, "jam"), (minutes, "menit"), (seconds, "detik")) if n
    )
    where = "lebih cepat" if off > 0 else "lebih lambat"
    return f"Jam situs {length} {where} daripada jam pusat."


def load_clock_sentence(loaded: LoadedPackage) -> str:
    """What is known at a site of its clock: from the last sending, else from the making of the package."""
    if loaded.clock_off is None and loaded.made_at and loaded.loaded_at < loaded.made_at:
        return clock_sentence((loaded.loaded_at - loaded.made_at).total_seconds())
    return clock_sentence(loaded.clock_off)
