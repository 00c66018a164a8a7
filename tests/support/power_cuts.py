"""A process that dies at one of its writes, without a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from disclosure.records import Records


class PowerCutError(BaseException):
    """The process is gone: nothing below may catch it."""


@dataclass(frozen=True)
class Fragile(Records):
    """Records of a process that may die just before or just after one of its commits."""

    life: list[int]
    after: list[bool]

    @contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as session:
            yield session
            self.life[0] -= 1
            if self.life[0] == 0 and not self.after[0]:
                raise PowerCutError
        if self.life[0] == 0:
            raise PowerCutError
