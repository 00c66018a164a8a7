"""Protects acts on a whole cycle at the door: offered to whoever may do them now, with a code, as the terminal does."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select

from deployments.door.office import acts
from disclosure.cycle import queries
from disclosure.records.states import CycleStep
from disclosure.records.tables import Correction, FailedAttempts, LedgerEntry, Revision
from tests.support.bureau import REVIEWERS, Bureau
from tests.support.visitors import Browser, code_of, text_of

pytestmark = [pytest.mark.records, pytest.mark.slow]

COMPILER, SUPERVISOR = "周宣传", "刘督办"
LEADER = REVIEWERS["leader"]
REASON = "上级来文要求核对后再公布。"


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau], monkeypatch: pytest.MonkeyPatch) -> Bureau:
    made = new_bureau()
    made.enrol(COMPILER, "publicity_section")
    made.enrol(SUPERVISOR, "general_office", "supervisor")
    # There is no Prefect here: what is recorded does not wait for it.
    monkeypatch.setattr(acts, "start_cycle", lambda *_: False)
    monkeypatch.setattr(acts, "end_run", lambda *_: None)
    return made


def page_of(bureau: Bureau) -> str:
    return f"/manage/act/{bureau.period.id}"


def offered(browser: Browser, page: str) -> list[str]:
    return re.findall(r'name="act" value="(\w+)"', browser.get(page).text)


def test_a_cycle_opened_by_mistake_is_closed_and_opened_again(bureau: Bureau, come: Callable[[str], Browser]) -> None:
    page, compiler, leader = page_of(bureau), come(COMPILER), come(LEADER)
    assert offered(compiler, page) == offered(leader, page) == ["close"]
    assert offered(come(SUPERVISOR), page) == []
    assert come(REVIEWERS["policy"]).get(page).status_code == httpx.codes.FORBIDDEN
    assert compiler.get("/manage/act/1999-annual").status_code == httpx.codes.NOT_FOUND
    told = compiler.submit(page, act="close", reason=REASON)
    assert told.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert REASON in told.text
    told = compiler.submit(page, act="close", reason=REASON, code=code_of(bureau, COMPILER))
    assert "已关闭" in text_of(told)
    assert offered(compiler, page) == ["reopen"]
    told = leader.submit(page, act="reopen", reason=REASON, code=code_of(bureau, LEADER))
    assert "已重新开启" in text_of(told)
    with bureau.installation.read() as work:
        assert queries.get_cycle(work.session, bureau.cycle_id).step is CycleStep.COLLECT
        events = work.session.scalars(select(LedgerEntry.event).where(LedgerEntry.event.like("cycle.%ed")))
        assert {"cycle.closed", "cycle.reopened"} <= set(events)


def test_what_was_published_is_withdrawn_restored_and_corrected(bureau: Bureau, come: Callable[[str], Browser]) -> None:
    bureau.sign_all()
    bureau.publish()
    shown = bureau.site / "releases" / bureau.period.id / "index.html"
    public = shown.read_bytes()
    page, compiler, leader = page_of(bureau), come(COMPILER), come(LEADER)
    assert offered(compiler, page) == offered(leader, page) == ["correct", "withdraw"]
    # Each is offered the kinds that are theirs; another one is refused by the rules as well.
    assert "上级机关要求" not in compiler.get(page).text
    assert "上级机关要求" in leader.get(page).text
    refused = compiler.submit(page, act="withdraw", kind="by_order", reason=REASON, code=code_of(bureau, COMPILER, -1))
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "不能办理" in text_of(refused)
    assert shown.read_bytes() == public
    # A wrong code is counted where it was typed; nothing was begun that anybody could carry to its end.
    assert "口令不对" in text_of(leader.submit(page, act="withdraw", kind="by_order", reason=REASON, code="000000"))
    with bureau.installation.read() as work:
        assert set(work.session.scalars(select(FailedAttempts.source))) == {"127.0.0.1"}
    supervisor = come(SUPERVISOR)
    settled = supervisor.submit("/manage", page, act="settle")
    assert "没有要接着办完的" in text_of(settled)
    told = leader.submit(page, act="withdraw", kind="by_order", reason=REASON, code=code_of(bureau, LEADER, -1))
    assert "各渠道核对无误" in text_of(told)
    assert REASON.rstrip("。") in shown.read_text(encoding="utf-8")
    assert offered(compiler, page) == ["correct"]
    assert "restore" in offered(leader, page)
    told = leader.submit(page, act="restore", reason="已核对无误，恢复公开。", code=code_of(bureau, LEADER))
    assert "各渠道核对无误" in text_of(told)
    assert shown.read_bytes() == public
    chosen = {f"choice-{bureau.centres[0]}": "1"}
    told = compiler.submit(page, act="correct", reason=REASON, code=code_of(bureau, COMPILER), **chosen)
    assert "开始更正" in text_of(told)
    with bureau.installation.read() as work:
        (correction,) = work.session.scalars(select(Correction))
        assert correction.offices == [bureau.centres[0]]
    # A second one at the same time is not offered, nor taken.
    assert "correct" not in offered(leader, page)
    again = leader.submit("/account", page, act="correct", reason=REASON, code=code_of(bureau, LEADER, 1))
    assert "正在办理" in text_of(again)


def test_a_revision_is_answered_where_it_is_told(bureau: Bureau, come: Callable[[str], Browser]) -> None:
    bureau.sign_all()
    bureau.publish()
    figure = next(f for f in bureau.figures(bureau.centres[0]) if f.value is not None)
    with bureau.installation.records.write() as session:
        row = Revision(
            profile=bureau.catalog.profile.id,
            period_id=bureau.period.id,
            region=figure.region,
            indicator=figure.indicator,
            published="1",
            found="2",
            source="年鉴.csv",
            found_at=bureau.now,
        )
        session.add(row)
        session.flush()
        number = row.id
    compiler = come(COMPILER)
    assert f'action="/manage/revised/{number}"' in compiler.get("/manage").text
    # Whoever supervises reads of it, and is not offered the answer.
    assert f'action="/manage/revised/{number}"' not in come(SUPERVISOR).get("/manage").text
    answered = {"reply": "keep", "reason": "年鉴为快报数，仍以公布的为准。"}
    told = compiler.submit("/manage", f"/manage/revised/{number}", **answered)
    assert "请填一次性口令" in text_of(told)
    told = compiler.submit("/manage", f"/manage/revised/{number}", **answered, code=code_of(bureau, COMPILER))
    assert told.status_code == httpx.codes.SEE_OTHER, text_of(told)
    assert "年鉴.csv" not in compiler.get("/manage").text
    with bureau.installation.read() as work:
        assert work.session.get_one(Revision, number).answer == "keep"
