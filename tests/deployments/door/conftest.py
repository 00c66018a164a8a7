"""A bureau behind a door, with people who can come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.simulation.actors import Actors
from tests.support.bureau import Bureau
from tests.support.visitors import Browser, give_password, let_in, open_door

COMPILER = "周宣传"


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home of its own."""
    return Settings(home=tmp_path_factory.mktemp("door") / "home", profile="gaogang-2016")


@pytest.fixture
def actors(settings: Settings) -> Iterator[Actors]:
    """A compiler with a password."""
    made = Actors(Installation(settings))
    made.enrol(COMPILER, "publicity_section")
    give_password(made, COMPILER)
    yield made
    made.installation.records.engine.dispose()


@pytest.fixture
def address(actors: Actors) -> Iterator[str]:
    with open_door(actors.installation.settings) as address:
        yield address


@pytest.fixture
def inside(address: str, actors: Actors) -> Iterator[Browser]:
    """The compiler's browser, signed in."""
    with Browser(address) as browser:
        browser.sign_in(COMPILER, actors.code(COMPILER))
        yield browser


@pytest.fixture
def come(bureau: Bureau) -> Iterator[Callable[[str], Browser]]:
    """Let people of the test's own ``bureau`` in at its door, each with a browser of theirs."""
    with open_door(bureau.installation.settings) as address:
        opened: list[Browser] = []

        def enter(name: str) -> Browser:
            opened.append(let_in(bureau, Browser(address), name))
            return opened[-1]

        yield enter
        for browser in opened:
            browser.close()
