"""Protects what is withheld over a year: all that was published is attacked together, by somebody else's means.

The attacker reads the public site's files alone, and has a model of his own: it shares no code with the product's.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from disclosure.cycle import queries
from disclosure.records.tables import AuditRun
from disclosure.review.authority import REVIEW_GATES
from tests.support import corrections
from tests.support.bureau import Bureau
from tests.support.openness_staff import Keepers, keepers_at
from tests.support.rehearsals import small_profile

pytestmark = [pytest.mark.records, pytest.mark.full]  # a whole year

INSURED, FEW = "work_injury.participants", "work_injury.beneficiaries"
PAID, TIMES = "work_injury.assistive_devices.amount", "work_injury.assistive_devices.person_times"
REPEATED = ("work_injury.disability_benefits.amount", "work_injury.disability_benefits.person_times", PAID, TIMES)
#: Grows from January on; of the rest each period tells what there is at its end.
GROWS = (FEW, *REPEATED)
YEAR = ("2025-q1", "2025-h1", "2025-q3", "2025-annual")
WHOLE = "532300"
#: The rules of ``confidentiality.yaml``: nobody may rule out one person, nor ten.
THRESHOLD = 10
_FAR = 10**6
CORRECTED = "39657999.00"

#: (region, indicator, period).
Key = tuple[str, str, str]


@dataclass
class Public:
    """What anybody reads: numbers, and where it says that one is not published."""

    numbers: dict[Key, Decimal] = field(default_factory=dict)
    withheld: set[Key] = field(default_factory=set)

    def add(self, name: str, printed: str) -> None:
        region, indicator, period = name.split("/")
        said = printed.replace(",", "")
        if re.fullmatch(r"-?\d+(\.\d+)?", said):
            self.numbers[region, indicator, period] = Decimal(said)
        elif said == "未公布":
            self.withheld.add((region, indicator, period))

    def read(self, files: Iterable[Path]) -> None:
        """Read every open table and every page."""
        for path in files:
            if path.name == "figures.csv":
                for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))):
                    assert (row["status"] == "c") is (row["state"] == "未公布")
                    self.add(row["id"], row["value"] or row["state"])
            elif path.suffix == ".html":
                for name, printed in re.findall(r'data-figure="([^"]+)"[^>]*>([^<]*)<', path.read_text("utf-8")):
                    self.add(name, printed)


def attacked(public: Public) -> Mapping[Key, tuple[int, int]]:
    """What can be worked out of each count that is withheld: the least and the most it can be, in whole people."""
    unknown = sorted(key for key in public.withheld - set(public.numbers) if not key[1].endswith("amount"))
    column = {key: number for number, key in enumerate(unknown)}
    rows: list[np.ndarray] = []
    least: list[float] = []
    most: list[float] = []

    def demand(terms: Mapping[Key, int], low: float, high: float) -> None:
        row = np.zeros(len(unknown))
        for key, factor in terms.items():
            if key in column:
                row[column[key]] += factor
            else:
                low, high = (bound - factor * float(public.numbers[key]) for bound in (low, high))
        if row.any():
            rows.append(row)
            least.append(low)
            most.append(high)

    everything = [*unknown, *public.numbers]
    regions = {key[0] for key in everything} - {WHOLE}
    for indicator in (INSURED, FEW):
        for period in YEAR:
            demand({(WHOLE, indicator, period): -1, **{(each, indicator, period): 1 for each in regions}}, 0, 0)
    for region, indicator in {key[:2] for key in everything if key[1] in GROWS}:
        told = [key for period in YEAR if (key := (region, indicator, period)) in everything]
        for earlier, later in pairwise(told):
            demand({later: 1, earlier: -1}, 0, np.inf)
    # A nought is printed, so what is not printed is somebody.
    bounds = Bounds(np.ones(len(unknown)), np.full(len(unknown), float(_FAR)))
    constraints = [LinearConstraint(np.array(rows), np.array(least), np.array(most))] if rows else []

    def furthest(key: Key, sign: int) -> int:
        cost = np.zeros(len(unknown))
        cost[column[key]] = -sign
        found = milp(cost, integrality=np.ones(len(unknown)), bounds=bounds, constraints=constraints)
        assert found.success, "the real figures are among what is possible"
        return round(found.x[column[key]])

    return {key: (furthest(key, -1), furthest(key, 1)) for key in unknown}


def exposed(public: Public, true: Mapping[Key, int]) -> list[Key]:
    """The small counts that come out closer than one to ten, or are simply told."""
    found = attacked(public)
    small = [key for key, value in true.items() if 0 < value < THRESHOLD]
    return [key for key in small if key not in found or found[key][0] > 1 or found[key][1] < THRESHOLD]


def audited(bureau: Bureau) -> None:
    """The data's audit is another room's matter: it found nothing."""
    with bureau.installation.records.write() as session:
        compiled = queries.compilation_of(session, queries.get_cycle(session, bureau.cycle_id))
        assert compiled is not None
        nothing = {"is_blocking": False, "critical_count": 0, "warning_count": 0, "rules": [], "findings": []}
        session.add(
            AuditRun(
                compilation_id=compiled.id,
                data_digest=compiled.digest,
                suite_version="",
                report="",
                finished_at=bureau.now,
                **nothing,
            )
        )


def published(keepers: Keepers, bureau: Bureau) -> None:
    bureau.compile()
    audited(bureau)
    bureau.approve(*REVIEW_GATES)
    bureau.render()
    bureau.approve("leader")
    keepers.clock.move_to(bureau.now)
    bureau.publish()
    keepers.bureau = bureau
    keepers.clock.move_to(bureau.now)


def repeated(keepers: Keepers) -> None:
    """The openness catalogue shows the same figures once more, under items 35 to 40."""
    (change,), _ = keepers.notice()
    assert keepers.answer_office(change, "ready") == ""
    keepers.enter_review(change)
    assert keepers.decide(change, "confidentiality") == ""
    assert keepers.publish() == [change]
    assert f'/{TIMES}/{keepers.bureau.period.id}">未公布<' in keepers.page("39")
    assert "“未公布”指为保护个人信息不公布的数" in keepers.page("39")
    assert "“未公布”指" not in keepers.page("37")


@dataclass
class Played:
    """What the public has together of all that ever was public, each version of it, and what is true."""

    public: Public = field(default_factory=Public)
    true: dict[Key, int] = field(default_factory=dict)

    def look(self, keepers: Keepers) -> None:
        self.public.read(keepers.bureau.site.rglob("*"))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A year in four periods, then a correction of the last; after the first and the last the catalogue repeats."""
    home = tmp_path_factory.mktemp("year")
    profile = small_profile(home / "profile", (INSURED, FEW, *REPEATED))
    (home / "bureau").mkdir()
    url = f"sqlite:///{home / 'bureau' / 'records.db'}"
    made = Played()
    with keepers_at(home / "bureau", url, "2026-02-26", profile=profile, period=YEAR[0], only=()) as keepers:
        first = keepers.bureau
        first.enrol(corrections.COMPILER, "publicity_section", "compiler")
        for number, period in enumerate(YEAR):
            bureau = first.another(period) if number else first
            bureau.now = keepers.now
            bureau.hand_in_all()
            for figure in bureau.figures(corrections.CENTRE):
                if figure.value is not None and figure.indicator != PAID:
                    made.true[figure.region, figure.indicator, period] = int(figure.value)
            published(keepers, bureau)
            if period in (YEAR[0], YEAR[-1]):
                repeated(keepers)
            made.look(keepers)
        last = keepers.bureau
        assert corrections.begin(last, reason="伤残待遇支付总金额漏计一笔，现予补正。") == ""
        last.hand_in_all(changed={REPEATED[0]: CORRECTED})
        published(keepers, last)
        made.look(keepers)
        assert "第2版" in (keepers.bureau.site / "releases" / YEAR[-1] / "index.html").read_text(encoding="utf-8")
    return made


def test_nothing_withheld_comes_out_of_a_whole_years_publications(played: Played) -> None:
    small = [key for key, value in played.true.items() if 0 < value < THRESHOLD]
    assert {key[2] for key in small} == set(YEAR)
    assert set(small) <= played.public.withheld, "each is said to be not published"
    assert exposed(played.public, played.true) == []


def test_an_amount_of_so_few_is_told_nowhere(played: Played) -> None:
    for period in YEAR:
        assert (WHOLE, PAID, period) in played.public.withheld
        assert (WHOLE, PAID, period) not in played.public.numbers


@pytest.mark.parametrize("period", YEAR)
def test_the_attacker_finds_what_one_more_number_would_tell(played: Played, period: str) -> None:
    """Whatever is withheld beside a small county, told in one period alone, tells that county."""
    beside = [key for key in played.public.withheld if key[1:] == (FEW, period) and played.true[key] >= THRESHOLD]
    assert beside
    for key in beside:
        told = Public({**played.public.numbers, key: Decimal(played.true[key])}, played.public.withheld)
        assert exposed(told, played.true)
