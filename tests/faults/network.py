"""A line between people and the server that can be cut, or lose a third of what goes over it."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading


class Line:
    """Takes connections on `port` and passes them on; `up` and `loss` may change at any moment."""

    def __init__(self, target: int, rng: random.Random) -> None:
        self.target, self.rng, self.up, self.loss = target, rng, True, 0.0
        self._door = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._door.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Everything that is open breaks, and nothing gets through until `mend`."""
        self.up = False
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.up, self.loss = True, 0.0

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            if not self.up:
                near.close()
                continue
            threading.Thread(target=self._pass_on, args=[near], daemon=True).start()

    def _pass_on(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            near.close()
            return
        both = {near: far, far: near}
        self._open.update(both)
        try:
            while self.up:
                ready, _, _ = select.select(list(both), [], [], 1)
                for one in ready:
                    part = one.recv(65536)
                    # Lost on the way there or on the way back: the sender cannot know which.
                    if not part or self.rng.random() < self.loss:
                        return
                    both[one].sendall(part)
        except OSError:
            return
        finally:
            for one in both:
                self._open.discard(one)
                one.close()
