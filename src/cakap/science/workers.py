"""Who does the same work on many chunks: threads here, a cluster where `jobs` provides one."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from threadpoolctl import threadpool_limits

Result = TypeVar("Result")


class Workers(Protocol):
    """Holds chunks where the work is done; answers in the order of the chunks."""

    @property
    def size(self) -> int:
        """How many work at once."""
        ...

    def hold(self, chunks: Sequence[Any]) -> Sequence[Any]:
        """Bring the chunks to the workers; what comes back stands for them in `each`."""
        ...

    def each(self, work: Callable[..., Result], held: Sequence[Any], common: Any) -> list[Result]:
        """work(chunk, common) for every chunk."""
        ...


class Threads:
    """Threads of this process; each chunk's matrix products stay in one of them."""

    def __init__(self, pool: ThreadPoolExecutor, size: int) -> None:
        self._pool, self.size = pool, size

    def hold(self, chunks: Sequence[Any]) -> Sequence[Any]:
        return chunks

    def each(self, work: Callable[..., Result], held: Sequence[Any], common: Any) -> list[Result]:
        if len(held) == 1:
            return [work(held[0], common)]
        return list(self._pool.map(work, held, [common] * len(held)))


@contextmanager
def threads() -> Generator[Threads]:
    """As many threads as this machine lets us use."""
    size = len(os.sched_getaffinity(0))
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(size) as pool:
        yield Threads(pool, size)
