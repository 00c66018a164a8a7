"""Everything a step needs at hand: settings, catalogue, records and the cipher."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, load_catalog
from disclosure.platform import clock
from disclosure.platform.cipher import Cipher, open_cipher
from disclosure.platform.settings import Settings
from disclosure.records import Records, open_records
from disclosure.records.checkpoints import (
    Checkpoint,
    keep_lines,
    make_checkpoint,
    open_signing_key,
    recorded_checkpoints,
)
from disclosure.records.ledger_head import begin_head, keep_head
from disclosure.records.self_check.findings import UnsoundRecordsError
from disclosure.records.self_check.lost_records import find_lost_records
from disclosure.records.tables import Person

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Installation:
    """One installation of the product, opened from its settings on first use of each part."""

    settings: Settings

    @cached_property
    def catalog(self) -> Catalog:
        """The facts of the chosen profile."""
        return load_catalog(self.settings.profile)

    @cached_property
    def records(self) -> Records:
        """The database, its tables up to date.

        Raises:
            UnsoundRecordsError: when it is gone though this is no new installation.
            DisclosureError: when it would not serve.
        """
        return _open(self.settings)

    @cached_property
    def cipher(self) -> Cipher:
        """What reviewers' secrets are encrypted with; a new key is made only where nobody is enrolled yet."""
        with self.records.read() as session:
            is_new = session.scalar(select(Person.id).limit(1)) is None
        return open_cipher(self.settings, is_new=is_new)

    @contextmanager
    def begin(self, now: dt.datetime | None = None, *, source: str = "", by: str | None = None) -> Iterator[Work]:
        """Open a unit of work that changes something: committed whole at the end, or not at all."""
        with self.records.write() as session:
            yield Work(session, self, now or clock.utc_now(), source, by)

    @contextmanager
    def read(self, now: dt.datetime | None = None) -> Iterator[Work]:
        """Open a unit of work that changes nothing and holds no one up."""
        with self.records.read() as session:
            yield Work(session, self, now or clock.utc_now())

    def sign_ledger(self) -> Checkpoint:
        """Sign the ledger as it stands; keep the checkpoint in the records, in its file, and in the second place.

        A second place that cannot be reached is told and holds nobody up: the next checkpoint fills it up.
        """
        with self.records.write() as session:
            key = open_signing_key(self.settings.ledger_key_file)
            checkpoint = make_checkpoint(session, key)
            session.flush()
            recorded = recorded_checkpoints(session)
        keep_lines(self.settings.checkpoints_file, recorded)
        if self.settings.checkpoint_copy_file is not None:
            try:
                keep_lines(self.settings.checkpoint_copy_file, recorded)
            except OSError as error:
                _log.warning(
                    "检查点没有能够另存到 %s：%s。",
                    self.settings.checkpoint_copy_file,
                    error.strerror,
                    extra={"event": "checkpoint.not_copied"},
                )
        return checkpoint


@cache
def _open(settings: Settings) -> Records:
    """Return the records of one installation, whose ledger's head is kept beside them."""
    if lost := find_lost_records(settings):
        raise UnsoundRecordsError([lost])
    records = open_records(settings.records_url)
    begin_head(records, settings)
    return replace(records, on_growth=lambda grown, growth: keep_head(grown, settings, growth))


@dataclass(frozen=True)
class Work:
    """One transaction with what its rules need at hand; ``now`` (aware) is when what it records happened.

    ``source`` is where whoever acts sits: an address, or a user of this machine. ``by`` is who signed in there; None
    where nobody has to.
    """

    session: Session
    installation: Installation
    now: dt.datetime
    source: str = ""
    by: str | None = None

    @property
    def catalog(self) -> Catalog:
        """The facts of the chosen profile."""
        return self.installation.catalog

    @property
    def cipher(self) -> Cipher:
        """What reviewers' secrets are encrypted with."""
        return self.installation.cipher


def open_installation() -> Installation:
    """Return the installation that the environment and ``disclosure.toml`` describe."""
    return Installation(Settings())
