"""Bureaus at each point where somebody is asked: made once for a worker, every test works on a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.bureau import Bureau, bureau_at
from tests.support.refusals import CENTRE, OTHERS, REASON
from tests.support.suspicious_past import import_suspicious_past


def opened(home: Path, database_url: str) -> Bureau:
    """A cycle just opened, with somebody enrolled for every role."""
    bureau = bureau_at(home, database_url, enrolled=False)
    reviewers = {
        "郑法规": ("policy_section", "policy_reviewer"),
        "钱财务": ("finance_section", "finance_reviewer"),
        "孙保密": ("general_office", "confidentiality_reviewer"),
        "李局长": ("bureau_leadership", "leader"),
    }
    for name, (office, role) in {**reviewers, **OTHERS}.items():
        bureau.enrol(name, office, role)
    return bureau


def collecting(bureau: Bureau) -> None:
    """One centre has handed in, the other is missing."""
    bureau.hand_in_all(centres=[CENTRE])


def reviewing(bureau: Bureau) -> None:
    """Compiled and audited without objection; the three reviews are asked."""
    bureau.hand_in_all()
    bureau.compile()
    assert not bureau.audit().is_blocking


def blocked(bureau: Bureau) -> None:
    """As ``reviewing``, with a total that is not the sum of its parts."""
    bureau.hand_in_all({"employee_pension.socialised_payment": "13645"})
    bureau.compile()
    assert bureau.audit().is_blocking


def warned(bureau: Bureau) -> None:
    """As ``reviewing``, with income ten times last year's: warnings that ask for an explanation."""
    import_suspicious_past(bureau, "employee_pension.income")
    bureau.hand_in_all()
    bureau.compile()
    assert bureau.audit().warning_count == 1


def signing(bureau: Bureau) -> None:
    """Reviewed by three and rendered; the leader is asked."""
    bureau.approve("policy", "finance", "confidentiality")
    bureau.render()


def afterwards(bureau: Bureau) -> None:
    """Published ahead of policy and confidentiality in an emergency; their reviews are owed."""
    bureau.approve("finance")
    assert bureau.answer("emergency", opinion=REASON) == ""
    bureau.render()
    bureau.approve("leader")
    bureau.publish()


#: What each state is made from, and how.
STATES: Mapping[str, tuple[str, Callable[[Bureau], None]]] = {
    "collecting": ("opened", collecting),
    "reviewing": ("opened", reviewing),
    "blocked": ("opened", blocked),
    "warned": ("opened", warned),
    "signing": ("reviewing", signing),
    "afterwards": ("reviewing", afterwards),
}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Bureau]:
    """The bureau in the state of this name, which nobody may change."""
    made: dict[str, Bureau] = {}

    def make(name: str) -> Bureau:
        if name not in made:
            home = tmp_path_factory.mktemp(name)
            if name == "opened":
                made[name] = opened(home, f"sqlite:///{home / 'records.db'}")
            else:
                base, step = STATES[name]
                made[name] = make(base).copy_to(home)
                step(made[name])
        return made[name]

    return make


@pytest.fixture
def bureau_in(prepared: Callable[[str], Bureau], tmp_path: Path) -> Iterator[Callable[[str], Bureau]]:
    """A bureau of one's own in the state of this name."""
    copies: list[Bureau] = []

    def copy(name: str) -> Bureau:
        copies.append(prepared(name).copy_to(tmp_path / name))
        return copies[-1]

    yield copy
    for bureau in copies:
        bureau.installation.records.engine.dispose()


@pytest.fixture
def bureau(bureau_in: Callable[[str], Bureau]) -> Bureau:
    """A round that waits for its three reviews."""
    return bureau_in("reviewing")


@pytest.fixture(scope="session")
def on_postgresql(shared_postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A round that waits for its three reviews, on PostgreSQL; for refusals, which leave it as it is."""
    bureau = opened(tmp_path_factory.mktemp("postgresql"), shared_postgres_url)
    reviewing(bureau)
    yield bureau
    bureau.installation.records.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def on_both(request: pytest.FixtureRequest) -> Bureau:
    """A round that waits for its three reviews, on SQLite and once more on PostgreSQL; for refusals only."""
    made: Bureau = request.getfixturevalue("bureau" if request.param == "sqlite" else "on_postgresql")
    return made
