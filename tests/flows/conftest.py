"""One office for all flow tests of a worker: starting a server takes as long as several cycles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from office import Office, office_in


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office with the figures 泰州市高港区 published; every test opens a cycle of its own."""
    with office_in(tmp_path_factory.mktemp("office")).open() as office:
        yield office
