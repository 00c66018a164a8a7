"""Protects one answer: ``check``, ``submit`` and the inbox say the same of the same file, all of it, with one count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from data_checks.self_check import findings_of
from disclosure.collection.intake.intake import take_in
from disclosure.collection.submit import check_file, submit_file

pytestmark = pytest.mark.records

Bureau = Any
CENTRE = "social_insurance_centre"
#: More of the insured are at work than there are: the audit finds it, the reader does not.
WRONG = {"employee_pension.participants": "1"}


@pytest.mark.parametrize("filler", ["吴填报", ""], ids=["audit alone", "refused as well"])
def test_check_submit_and_inbox_say_the_same(
    new_bureau: Callable[..., Bureau], monkeypatch: pytest.MonkeyPatch, filler: str
) -> None:
    monkeypatch.setenv("DISCLOSURE_INTAKE_SETTLE_SECONDS", "0")
    bureau = new_bureau(enrolled=False)
    content, name = bureau.workbook(CENTRE, filler=filler, changed=WRONG), "报表.xlsx"
    checked = check_file(bureau.catalog, content, name, findings_of)
    submitted = submit_file(bureau.installation, content, name, self_check=findings_of)
    assert submitted.is_accepted == bool(filler)
    assert checked.found == submitted.found
    assert len(checked.problems) == (not filler)
    assert checked.findings
    assert checked.must_count + checked.hint_count == sum(cause.count for cause in checked.causes)
    folder = bureau.installation.settings.inbox / CENTRE
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    (line,) = take_in(bureau.installation, self_check=findings_of).taken
    (answer,) = (folder / "回执").glob("*.txt")
    receipt = answer.read_text(encoding="utf-8-sig")
    assert [cause.sentence in receipt for cause in checked.causes] == [True] * len(checked.causes)
    for said in (line.words, receipt):
        assert (checked.remarks if filler else f"{checked.must_count} 处要改正") in said
