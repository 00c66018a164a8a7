"""Everything a step needs at hand: settings, catalogue, records and the cipher."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from disclosure.catalog import Catalog, load_catalog
from disclosure.records import Records, open_records
from disclosure.records.checkpoints import Checkpoint, Verdict, keep_line, make_checkpoint, open_signing_key, verify
from disclosure.review.secrets import Cipher, open_cipher
from disclosure.settings import Settings


@dataclass(frozen=True)
class Workplace:
    """One installation of the product, opened from its settings on first use of each part."""

    settings: Settings

    @cached_property
    def catalog(self) -> Catalog:
        """The facts of the chosen profile."""
        return load_catalog(self.settings.profile)

    @cached_property
    def records(self) -> Records:
        """The database, its tables up to date."""
        return open_records(self.settings.records_url)

    @cached_property
    def cipher(self) -> Cipher:
        """What reviewers' secrets are encrypted with."""
        return open_cipher(self.settings)

    def sign_ledger(self) -> Checkpoint:
        """Sign the ledger as it stands, and keep the checkpoint in the records and in its file."""
        key = open_signing_key(self.settings.ledger_key_file)
        with self.records.write() as session:
            checkpoint = make_checkpoint(session, key)
        keep_line(self.settings.checkpoints_file, checkpoint)
        return checkpoint

    def verify_ledger(self) -> Verdict:
        """Whether the ledger is whole, by its chain and by every checkpoint ever signed here."""
        key = open_signing_key(self.settings.ledger_key_file)
        with self.records.read() as session:
            return verify(session, key.public_key(), self.settings.checkpoints_file)


def open_workplace() -> Workplace:
    """The workplace that the environment and ``disclosure.toml`` describe."""
    return Workplace(Settings())
