"""One office for all fault tests of a worker; those that break the whole office make one of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from office import Office, office_in


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office; every test opens a cycle of its own."""
    with office_in(tmp_path_factory.mktemp("office")).open() as office:
        yield office
