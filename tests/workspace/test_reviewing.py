"""Protects the page of a round: what differs from the round before, and drafts that are their author's alone."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from disclosure.records.tables import ExplanationDraft, Person
from disclosure.review.explanations import read_explanations
from disclosure.review.people import find_person
from disclosure.workspace.reviewing import LONGEST_DRAFT, ReviewPage, load_review_page, save_drafts
from tests.support.bureau import REVIEWERS, Bureau
from tests.support.suspicious_past import import_suspicious_past

pytestmark = pytest.mark.records

FINANCE, POLICY = REVIEWERS["finance"], REVIEWERS["policy"]


class Visitor:
    """Somebody signed in."""

    def __init__(self, bureau: Bureau, name: str) -> None:
        with bureau.installation.read() as work:
            person = find_person(work.session, name)
            assert isinstance(person, Person)
            self.name, self.id, self.offices = name, person.id, frozenset({person.office})
            roles = [role for role, told in bureau.catalog.roles.items() if person.office in told.offices]
            self.roles = frozenset(role for role in roles if not bureau.catalog.roles[role].only_when_named)


def page_of(bureau: Bureau, name: str = FINANCE) -> ReviewPage:
    """The page as this person sees it."""
    visitor = Visitor(bureau, name)
    page = load_review_page(bureau.installation, visitor, visitor.id, bureau.cycle_id)
    assert page is not None
    return page


def save(bureau: Bureau, texts: dict[str, str], name: str = FINANCE) -> int:
    """Keep what this person wrote."""
    with bureau.installation.begin() as work:
        return save_drafts(work, Visitor(bureau, name).id, bureau.cycle_id, texts)


def audited(bureau: Bureau) -> Bureau:
    """A round that waits for its reviewers."""
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.ask("review")
    return bureau


def test_there_is_no_page_before_the_audit(bureau: Bureau) -> None:
    visitor = Visitor(bureau, FINANCE)
    assert load_review_page(bureau.installation, visitor, visitor.id, bureau.cycle_id) is None


def test_drafts_are_kept_as_the_opinion_that_the_form_takes(bureau: Bureau) -> None:
    import_suspicious_past(bureau)
    page = page_of(audited(bureau))
    assert page.is_drafting
    first, second, *rest = page.to_explain
    assert not page.opinion
    assert save(bureau, {first.digest: " 跨年\n结算 ", second.digest: "改" * 999, "0" * 64: "没有这一条"}) == 2
    page = page_of(bureau)
    assert [line.draft for line in page.to_explain[:2]] == ["跨年 结算", "改" * LONGEST_DRAFT]
    assert read_explanations(page.opinion) == {1: "跨年 结算", 2: "改" * LONGEST_DRAFT}
    assert page.undrafted == [line.number for line in rest]
    # Of others nothing is seen, and what is sent back stays until it is taken away.
    assert not page_of(bureau, POLICY).opinion
    assert not page_of(bureau, POLICY).is_drafting
    assert save(bureau, {second.digest: "  "}) == 1
    bureau.audit()
    assert [line.draft for line in page_of(bureau).to_explain if line.draft] == ["跨年 结算"]
    with bureau.installation.records.read() as session:
        assert session.scalar(select(func.count()).select_from(ExplanationDraft)) == 1
    # Once finance has answered, there is nothing to draft any more.
    bureau.approve("finance")
    page = page_of(bureau)
    assert (page.to_explain, page.is_drafting) == ([], False)
    assert len(page.explained) == page.warnings
    assert save(bureau, {first.digest: "晚了"}) == 0


def test_what_changed_since_the_round_before_is_told(bureau: Bureau) -> None:
    audited(bureau)
    assert page_of(bureau).round_changes is None
    centre = bureau.centres[0]
    bureau.send_back("finance", centre)
    bureau.begin_next_round()
    figure = next(f for f in bureau.figures(centre) if f.value is not None and f.value > 10)
    assert figure.value is not None
    bureau.hand_in_all({figure.indicator: f"{figure.value + 1}"}, [centre])
    bureau.compile()
    bureau.audit()
    page = page_of(bureau)
    assert page.round == 2
    assert page.round_changes is not None
    name = bureau.catalog.indicators[figure.indicator].name
    (change,) = [change for change in page.round_changes if name in change.name]
    assert (f"{figure.value:,f}" in change.before, f"{figure.value + 1:,f}" in change.after) == (True, True)
    assert len(page.round_changes) <= 2


def test_the_preview_is_the_very_release(bureau: Bureau) -> None:
    audited(bureau)
    assert not page_of(bureau).preview
    bureau.approve("policy", "finance", "confidentiality")
    release = bureau.render()
    page = page_of(bureau, REVIEWERS["leader"])
    assert (page.preview, page.file_count) == (release.digest[:16], len(release.files))
    assert page.has_packages
    assert len(page.key_figures) == 3
    assert [bool(gate.is_open) for gate in page.gates] == [False, False, False, True]
