"""Browsers that have been let in before: their attempts are counted apart from whoever shares their address."""

from __future__ import annotations

import datetime as dt

from disclosure.access.tokens import new_token, token_hash
from disclosure.platform.cipher import Cipher
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Work
from disclosure.records.tables import Person
from disclosure.review import people

LASTS = dt.timedelta(days=180)


def new_device(cipher: Cipher, person: Person) -> str:
    """Return what a browser keeps from which ``person`` came in: nobody without our key can make it."""
    return cipher.encrypt(f"{person.id} {new_token()}")


def source_of_attempt(work: Work, name: str, device: str, address: str) -> str:
    """Return what an attempt is counted under: the device that ``name`` came in from before, or else the address."""
    person = people.find_person(work.session, name) if device and name.strip() else None
    if person is None:
        return address
    try:
        owner = work.cipher.decrypt(device).partition(" ")[0]
    except (DisclosureError, ValueError):
        return address
    return f"device {token_hash(device)[:32]}" if owner == str(person.id) else address
