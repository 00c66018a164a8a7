"""What the confidentiality search must know of a bureau: which numbers and addresses are an office's own."""

from __future__ import annotations

from disclosure.platform.fact import Fact, Name


class PublicContact(Fact):
    """A telephone number or an address of an office that anybody may read; ``of`` says whose it is."""

    number: Name
    of: Name
