"""What every text that will be public is held to, from whatever door it comes: nothing in it tells of persons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from disclosure.catalog import Catalog
from disclosure.confidentiality.personal_data import PersonalDatum, find_personal_data
from disclosure.platform.cipher import Cipher
from disclosure.platform.wording import words_beside

_words = words_beside(__file__)


@dataclass(frozen=True)
class Acceptances:
    """Which data of persons may be published all the same, because the reviewer of confidentiality said so.

    ``digests`` are theirs. ``cipher`` gives the installation's, once it is needed; without one, as where a file is
    looked at on any machine, data have no digest, and nothing is accepted.
    """

    cipher: Callable[[], Cipher] | None = None
    digests: frozenset[str] = frozenset()

    def named(self, datum: PersonalDatum) -> PersonalDatum:
        """Return ``datum`` with the digest by which this installation knows it."""
        if self.cipher is None:
            return datum
        said = json.dumps(["personal datum", datum.kind.name, datum.value], ensure_ascii=False)
        return replace(datum, digest=self.cipher().authenticate(said))


#: What holds where nobody has said otherwise.
NOTHING_ACCEPTED = Acceptances()


def search_public_text(
    catalog: Catalog, texts: Iterable[str], acceptances: Acceptances = NOTHING_ACCEPTED
) -> tuple[PersonalDatum, ...]:
    """Find the data of persons in ``texts`` that are not accepted, each once; what offices publish is let through."""
    return tuple(datum for datum in _search(catalog, texts, acceptances) if datum.digest not in acceptances.digests)


def search_accepted(catalog: Catalog, texts: Iterable[str], acceptances: Acceptances) -> tuple[PersonalDatum, ...]:
    """Find the data of persons in ``texts`` that stand there because they are accepted, each once."""
    return tuple(datum for datum in _search(catalog, texts, acceptances) if datum.digest in acceptances.digests)


def _search(catalog: Catalog, texts: Iterable[str], acceptances: Acceptances) -> Iterable[PersonalDatum]:
    found = (datum for text in texts for datum in find_personal_data(text, catalog.public_contacts))
    return map(acceptances.named, dict.fromkeys(found))


def advise(catalog: Catalog) -> str:
    """Say what to do about data of persons: remove them, or whom to ask."""
    advice: str = _words()["advice"].format(office=catalog.gate_office("confidentiality").name)
    return advice


def object_to_found(catalog: Catalog, what: str, found: Iterable[PersonalDatum]) -> str:
    """Say that ``found`` stands in ``what``, and what to do; empty when nothing does."""
    told = "、".join(map(str, found))
    sentence: str = _words()["objection"].format(what=what, found=told, advice=advise(catalog)) if told else ""
    return sentence
