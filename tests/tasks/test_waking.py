"""Protects that a run which waits for files is woken also where Prefect fails at the first tries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from disclosure.calendar.periods import Period
from disclosure.cycle import queries
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.review import asks
from tasks.orchestration import resume

pytestmark = pytest.mark.records

RUN = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("answers", "goes_on", "expected"),
    [
        ([True], False, ("等待的运行会更新在等谁", 1)),
        ([False, False, True], False, ("等待的运行会更新在等谁", 3)),
        ([False], True, ("等待的运行已经在继续", 1)),
        ([False] * 9, False, ("没能唤醒等待的运行", len(resume._PAUSES))),
    ],
    ids=["at once", "at the third try", "woken by another", "not at all"],
)
def test_a_waiting_run_is_woken_again_and_again_for_a_moment(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[bool],
    goes_on: bool,
    expected: tuple[str, int],
) -> None:
    said, tries = expected
    installation = Installation(Settings(home=tmp_path, profile="gaogang-2016"))
    with installation.records.write() as session:
        cycle = queries.open_cycle(session, installation.catalog, Period(2016, "annual"), actor="测试")
        asks.put(session, cycle, "collect", "", RUN)
        cycle_id = cycle.id
    tried: list[str] = []
    left: Iterator[bool] = iter(answers)

    def wake(run_id: str, _pause_key: str) -> bool:
        tried.append(run_id)
        return next(left)

    monkeypatch.setattr(resume, "wake_run", wake)
    monkeypatch.setattr(resume, "_is_going_on", lambda _run: goes_on)
    monkeypatch.setattr(resume, "_PAUSES", (0.0,) * len(resume._PAUSES))
    assert said in resume.wake_waiting_run(installation, cycle_id)
    assert tried == [RUN] * tries
