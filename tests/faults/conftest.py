"""One office for all fault tests of a worker; those that break the whole office make one of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from office import Office, office_in


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office whose run processes die where ``die-at`` says; every test opens a cycle of its own."""
    dying = str(Path(__file__).parent / "dying")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (dying, os.environ.get("PYTHONPATH")))))
        with office_in(tmp_path_factory.mktemp("office")).open() as office:
            yield office
