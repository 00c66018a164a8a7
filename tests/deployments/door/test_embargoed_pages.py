"""Protects what is not published: each page to each pair of eyes from its moment on, and each look as a row."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import httpx
import pytest
from sqlalchemy import delete

from deployments.door.prefect.sight import Sight
from deployments.door.visitor import Visitor
from disclosure.access import materials
from disclosure.collection.workbook.replies import reply_to
from disclosure.records import ledger
from disclosure.records.subjects import ledger_reference
from disclosure.records.tables import Cycle, Look, OpennessChange, UsedCode
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.people import STEP_SECONDS
from tests.support.bureau import REVIEWERS, Bureau
from tests.support.command import run_command
from tests.support.visitors import Browser, give_password, open_door

pytestmark = [pytest.mark.records, pytest.mark.slow]

COMPILER, DRAFTER, OTHER, SUPERVISOR = "周宣传", "吴填报", "王就业", "刘督办"
OFFICES = {COMPILER: "publicity_section", DRAFTER: "social_insurance_centre", OTHER: "employment_centre"}


class Eyes:
    """Everybody's browser."""

    def __init__(self, bureau: Bureau, address: str, stack: ExitStack) -> None:
        self.browsers: dict[str, Browser] = {}
        for name in bureau.secrets:
            give_password(bureau, name)
            browser = stack.enter_context(Browser(address))
            code = bureau._code_of(name, int(time.time()) // STEP_SECONDS)
            assert browser.sign_in(name, code).status_code == httpx.codes.SEE_OTHER
            self.browsers[name] = browser
        # The bureau's own clock stands in the past; the codes of its present are newer than none there.
        with bureau.installation.records.write() as session:
            session.execute(delete(UsedCode))

    def that_see(self, page: str) -> set[str]:
        """Who gets this page."""
        answers = {name: browser.get(page).status_code for name, browser in self.browsers.items()}
        assert set(answers.values()) <= {httpx.codes.OK, httpx.codes.FORBIDDEN}, answers
        return {name for name, status in answers.items() if status == httpx.codes.OK}


def test_everybody_sees_a_round_from_their_moment_on(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.enrol_all(OFFICES)
    bureau.enrol(SUPERVISOR, "general_office", "supervisor")
    policy, finance, confidentiality, leader = (
        REVIEWERS[gate] for gate in ("policy", "finance", "confidentiality", "leader")
    )
    everybody = {policy, finance, confidentiality, leader, COMPILER, DRAFTER, OTHER, SUPERVISOR}
    installation = bureau.installation
    for centre in bureau.centres:
        # The first try is refused, and marked.
        unsigned = bureau.hand_in(bureau.workbook(centre, filler=""), "无人签名.xlsx")
        reply_to(installation.settings.replies, bureau.catalog, unsigned, "无人签名.xlsx")
    bureau.hand_in_all()
    bureau.compile()
    report = f"/reports/{bureau.audit().report}"
    with open_door(installation.settings) as address, ExitStack() as stack:
        eyes = Eyes(bureau, address, stack)
        assert eyes.that_see(report) == {finance, COMPILER}
        assert eyes.that_see(report.replace(".html", ".pdf")) == {finance, COMPILER}
        bureau.ask("review")
        assert eyes.that_see(report) == {policy, finance, confidentiality, leader, COMPILER}
        for gate in REVIEW_GATES:
            bureau.approve(gate)
        preview = f"/preview/{bureau.render().digest[:16]}/index.html"
        assert eyes.that_see(preview) == {policy, finance, confidentiality, leader, COMPILER}
        bureau.approve("leader")
        bureau.publish()
        assert eyes.that_see(preview) == eyes.that_see(report) == everybody
        # An office's reply is its own, whatever became of the round.
        replies, office = installation.settings.replies, bureau.catalog.offices[OFFICES[DRAFTER]].name
        own = next(path for path in sorted(replies.glob("*/*")) if office in path.name)
        assert eyes.that_see(f"/replies/{own.relative_to(replies).as_posix()}") == {finance, COMPILER, DRAFTER}
        assert own.name in eyes.browsers[DRAFTER].get("/").text
        assert own.name not in eyes.browsers[OTHER].get("/").text
        seen = eyes.browsers[COMPILER].get(f"/looks?period={bureau.period.id}").text
        assert eyes.browsers[DRAFTER].get("/looks").status_code == httpx.codes.FORBIDDEN
        looks_are_rows(bureau, report.removeprefix("/reports/"), everybody, seen)


def looks_are_rows(bureau: Bureau, path: str, everybody: set[str], page: str) -> None:
    """Twice everybody tried the report before it was published; those refused are rows as well."""
    with bureau.installation.records.read() as session:
        rows = [(row.person.name, row.is_allowed, row.source) for row in session.query(Look).filter(Look.path == path)]
    assert len(rows) == 2 * len(everybody)
    assert {name for name, is_allowed, _ in rows if not is_allowed} >= {DRAFTER, OTHER, SUPERVISOR}
    assert {source for *_, source in rows} == {"127.0.0.1"}
    settings = bureau.installation.settings
    told = run_command("looks", bureau.period.id, folder=settings.home.parent, width=250, **settings.own_environment)
    for name, is_allowed, _ in rows:
        assert any(name in line and ("没有给看" in line) != is_allowed for line in told.stdout.splitlines())
        assert name in page
    assert "没有给看" in page


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "2016-annual",
        "2016-annual/other.html",
        "2017-annual/round-1-x.html",
        "../records.db",
        "2016-annual/round-x",
    ],
)
def test_what_belongs_to_no_round_is_no_report(new_bureau: Callable[..., Bureau], path: str) -> None:
    bureau = new_bureau()
    with bureau.installation.read() as work:
        assert materials.find_report(work.session, bureau.catalog, path) is None
        assert materials.find_preview(work.session, path) is None
        assert materials.find_briefing(work.session, path) is None


def test_a_run_s_page_follows_the_round_it_asks_about(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.ask("review")
    with bureau.installation.read() as work:
        found = materials.find_briefing(work.session, "00000000-0000-0000-0000-000000000000")
        assert found is not None
        assert (found.kind, found.cycle_id) == ("briefing", bureau.cycle_id)
        assert {*REVIEW_GATES, "emergency"} == found.state.asked


def test_a_run_that_was_replaced_before_it_asked_shows_its_figures_to_nobody_else(
    new_bureau: Callable[..., Bureau],
) -> None:
    bureau = new_bureau()
    replaced, driver, stray = (f"00000000-0000-0000-0000-00000000000{digit}" for digit in "123")
    installation = bureau.installation
    with installation.begin() as work:
        work.session.get_one(Cycle, bureau.cycle_id).driver_run_id = driver
        told = {"actor": "系统", "cycle_id": bureau.cycle_id, "run": driver, "before": replaced}
        ledger.append(work.session, "cycle.taken_over", **told)
    sight = Sight(installation)
    keepers = Visitor(SUPERVISOR, "general_office", frozenset({"operator", "supervisor"}), "1")
    compiler = Visitor(COMPILER, "publicity_section", frozenset({"compiler"}), "2")
    asked = [replaced, driver, stray]
    assert sight.find_visible(keepers, asked) == {stray}
    assert sight.find_visible(compiler, asked) == {replaced, driver}
    with installation.read() as work:
        found = materials.find_briefing(work.session, replaced)
        assert found is not None
        assert (found.kind, found.cycle_id) == ("briefing", bureau.cycle_id)


def test_a_replaced_run_of_an_openness_change_is_about_that_change(new_bureau: Callable[..., Bureau]) -> None:
    installation, replaced = new_bureau().installation, "00000000-0000-0000-0000-000000000001"
    with installation.begin() as work:
        facts = {"cause": "office", "source": "x", "office": "publicity_section", "title": "办事指南"}
        change = OpennessChange(profile=installation.catalog.profile.id, opened_at=work.now, **facts)
        work.session.add(change)
        work.session.flush()
        told = {"actor": "系统", **ledger_reference(change), "run": "another", "before": replaced}
        ledger.append(work.session, "openness.taken_over", **told)
    outsider = Visitor(COMPILER, "social_insurance_centre", frozenset(), "2")
    assert Sight(installation).find_visible(outsider, [replaced]) == frozenset()
    with installation.read() as work:
        found = materials.find_briefing(work.session, replaced)
    assert found is not None
    assert (found.kind, found.cycle_id) == ("briefing", None)
