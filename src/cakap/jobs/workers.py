"""Who works on chunks of a heavy array: threads of this process, or a Dask cluster by its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from cakap.science.workers import Workers, threads

Result = TypeVar("Result")
USUAL_PASSES = 40


class Cluster:
    """Chunks stay in the memory of the cluster's workers; only sums come back, in order."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def size(self) -> int:
        return sum(self._client.nthreads().values())

    def hold(self, chunks: Sequence[Any]) -> Sequence[Any]:
        return self._client.scatter(list(chunks), hash=False)

    def each(self, work: Callable[..., Result], held: Sequence[Any], common: Any) -> list[Result]:
        told = self._client.scatter(common, broadcast=True, hash=False)
        tasks = [self._client.submit(work, chunk, told, pure=False) for chunk in held]
        return self._client.gather(tasks)


class Watched:
    """Other workers, whose passes over the data are told to `progress(done, total)`."""

    def __init__(self, workers: Workers, progress: Callable[[int, int], None]) -> None:
        self._workers, self._progress, self._passes = workers, progress, 0

    @property
    def size(self) -> int:
        return self._workers.size

    def hold(self, chunks: Sequence[Any]) -> Sequence[Any]:
        return self._workers.hold(chunks)

    def each(self, work: Callable[..., Result], held: Sequence[Any], common: Any) -> list[Result]:
        found = self._workers.each(work, held, common)
        self._passes += 1
        self._progress(self._passes, max(USUAL_PASSES, self._passes + 1))
        return found


@contextmanager
def workers_at(address: str = "") -> Iterator[Workers]:
    """A Dask scheduler's workers, or with no address this machine's threads."""
    if not address:
        with threads() as own:
            yield own
        return
    # Only where a cluster is used: the import takes a second.
    from dask.distributed import Client  # noqa: PLC0415

    with Client(address) as client:
        yield Cluster(client)
