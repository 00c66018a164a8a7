"""Protects the last step: only what every gate approved, byte for byte, is published; once; whatever is killed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from disclosure.platform.errors import DisclosureError
from disclosure.publication.channels.versions import VersionsChannel
from disclosure.publication.contents.tree import Tree
from disclosure.records.states import SEEN, ReleaseState
from disclosure.records.tables import AuditRun, ChannelDelivery, Decision, LedgerEntry, Release
from disclosure.rendering import public_paths
from disclosure.review.authority import REVIEW_GATES
from tests.support.bureau import Bureau, bureau_at
from tests.support.bureau_fixtures import own_copy

pytestmark = [pytest.mark.records, pytest.mark.both_databases]

GATES = (*REVIEW_GATES, "leader")


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def rows(bureau: Bureau, table: type[Any]) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key.columns)))


def events(bureau: Bureau) -> list[str]:
    return [entry.event for entry in rows(bureau, LedgerEntry)]


def refuse(bureau: Bureau, words: str) -> None:
    """Publishing is refused with these words and leaves nothing behind, neither on the site nor in the records."""
    before, site = events(bureau), tree(bureau.site) if bureau.site.exists() else None
    with pytest.raises(DisclosureError, match=words):
        bureau.publish()
    assert events(bureau) == before
    assert not any(release.state in SEEN for release in rows(bureau, Release))
    assert (tree(bureau.site) if bureau.site.exists() else None) == site


@pytest.fixture(scope="module")
def signed_once(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """高港区 2016, approved at every gate, not yet published; every test works on a copy."""
    home = tmp_path_factory.mktemp("signed")
    bureau = bureau_at(home, f"sqlite:///{home / 'records.db'}")
    bureau.sign_all()
    return bureau


@pytest.fixture(scope="module")
def signed_on_postgresql(
    copy_of_database: Callable[[str], AbstractContextManager[str]],
    postgres_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bureau]:
    """The same on PostgreSQL."""
    with copy_of_database(postgres_template) as url:
        bureau = bureau_at(tmp_path_factory.mktemp("signed"), url)
        bureau.sign_all()
        bureau.rest()
        yield bureau


@pytest.fixture(params=["sqlite", "postgresql"])
def signed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bureau]:
    """A copy of one's own, on SQLite and once more on PostgreSQL."""
    yield from own_copy(request, tmp_path, "signed_once", "signed_on_postgresql")


def test_published_it_is_whole_noted_and_told(signed: Bureau) -> None:
    published = signed.publish()
    assert (signed.site / published.address).is_file()
    (release,) = rows(signed, Release)
    assert (release.state, release.published_at is not None) == (ReleaseState.LIVE, True)
    assert [(row.action, row.state, row.attempts) for row in rows(signed, ChannelDelivery)] == [
        ("stage", "done", 1),
        ("switch", "done", 1),
    ]
    # What is on the site is what was signed.
    site = tree(signed.site / "releases" / "2016-annual")
    manifest = json.loads(site.pop("manifest.json"))
    assert site.pop("manifest.jws").startswith(b"ey")
    public = {path: release.files[path] for path in public_paths(release.files)}
    assert manifest["files"] == public
    assert manifest["release"]["release_digest"] == release.digest
    assert set(site) == set(public) < set(release.files)
    assert published.file_count == len(site)
    assert events(signed)[-1] == "release.published"


def refuse_with(bureau: Bureau, words: str, *statements: Any) -> None:
    """As ``refuse``, with the records changed by ``statements`` and put back afterwards."""
    before = [row for table in (Release, AuditRun, Decision) for row in rows(bureau, table)]
    with bureau.installation.records.write() as session:
        for statement in statements:
            assert session.execute(statement).rowcount
    refuse(bureau, words)
    with bureau.installation.records.write() as session:
        for row in before:
            session.merge(row)


def test_without_one_gate_nothing_is_published(signed: Bureau) -> None:
    for gate in GATES:
        name = signed.catalog.gates[gate].name
        refuse_with(signed, name, delete(Decision).where(Decision.gate == gate))
    refuse_with(signed, "、".join(signed.catalog.gates[gate].name for gate in GATES), delete(Decision))
    signed.publish()


def test_before_anything_is_rendered_nothing_is_published(bureau: Bureau) -> None:
    refuse(bureau, "还没有生成发布件")
    bureau.hand_in_all()
    bureau.compile()
    refuse(bureau, "还没有生成发布件")


def test_a_decision_on_another_digest_publishes_nothing(signed: Bureau) -> None:
    for gate in GATES:
        elsewhere = update(Decision).where(Decision.gate == gate).values(digest="f" * 64)
        refuse_with(signed, signed.catalog.gates[gate].name, elsewhere)
    swapped = update(Decision).where(Decision.gate == "leader").values(digest=signed.compile().digest)
    refuse_with(signed, signed.catalog.gates["leader"].name, swapped)


def test_one_return_is_enough(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.render()
    bureau.approve(*REVIEW_GATES)
    bureau.send_back("leader", "medical_centre")
    refuse(bureau, "退回")


def test_approved_in_the_round_before_is_not_approved(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.render()
    bureau.approve(*REVIEW_GATES)
    bureau.send_back("leader", "medical_centre")
    bureau.begin_next_round()
    refuse(bureau, "第 2 轮还没有生成发布件")
    bureau.hand_in_all(centres=["medical_centre"])
    bureau.compile()
    bureau.audit()
    bureau.render()
    refuse(bureau, "政策审核")
    bureau.carry_over()
    refuse(bureau, "局领导审核")
    bureau.approve("leader")
    bureau.publish()


TAMPERING = {
    "audit blocks": update(AuditRun).values(is_blocking=True),
    "title": update(Release).values(title="别的标题"),
    "summary": update(Release).values(summary="别的提要"),
    "digest": update(Release).values(digest="f" * 64),
    "a file's hash": update(Release).values(files={"index.html": "f" * 64}),
    "no files": update(Release).values(files={}),
} | {f"{gate} returned": update(Decision).where(Decision.gate == gate).values(outcome="returned") for gate in GATES}


def test_records_altered_after_signing_publish_nothing(signed: Bureau) -> None:
    for statement in TAMPERING.values():
        refuse_with(signed, "不能发布|已停止发布|与本人的答复不符", statement)
    signed.publish()


def test_a_file_altered_or_lost_on_disk_publishes_nothing_and_is_made_again(signed: Bureau) -> None:
    (release,) = rows(signed, Release)
    page = signed.installation.settings.releases / release.digest[:16] / "index.html"
    good = page.read_bytes()
    for damage in (lambda: page.write_bytes(good.replace(b"52,002", b"52,003")), page.unlink):
        damage()
        refuse(signed, "index.html")
    again = signed.render()
    assert (again.id, again.digest, page.read_bytes()) == (release.id, release.digest, good)
    signed.publish()
    assert (signed.site / "releases/2016-annual/index.html").read_bytes() == good


def test_a_file_altered_on_the_site_is_put_right_by_publishing_again(signed: Bureau) -> None:
    signed.publish()
    good = tree(signed.site)
    (signed.site / "index.html").write_bytes(b"defaced")
    assert signed.publish().is_repaired
    assert tree(signed.site) == good
    assert events(signed)[-1] == "release.repaired"


def test_twice_publishes_once(signed: Bureau) -> None:
    first = signed.publish()
    site, told, (release,) = tree(signed.site), events(signed), rows(signed, Release)
    target = signed.site.readlink()
    assert signed.publish() == first
    assert tree(signed.site) == site
    assert signed.site.readlink() == target
    assert events(signed) == told
    (again,) = rows(signed, Release)
    assert (again.published_at, again.state) == (release.published_at, ReleaseState.LIVE)
    assert [row.attempts for row in rows(signed, ChannelDelivery)] == [1, 1]


def test_the_same_approved_content_gives_the_same_bytes(signed: Bureau) -> None:
    """What a rerun renders after the release's row was lost is what the leader signed."""
    (release,) = rows(signed, Release)
    with signed.installation.records.write() as session:
        session.delete(session.get_one(Release, release.id))
    assert signed.render().digest == release.digest
    signed.publish()


def quarters(open_bureau: Callable[..., Bureau]) -> tuple[Bureau, Bureau]:
    """昆明市 2017: two quarters, both signed."""
    first = open_bureau(profile="kunming-2017", period="2017-q1")
    second = first.another("2017-h1")
    for bureau in (first, second):
        bureau.now = max(first.now, second.now)
        bureau.sign_all()
    return first, second


def test_a_second_period_keeps_the_first_on_the_site(open_bureau: Callable[..., Bureau]) -> None:
    first, second = quarters(open_bureau)
    first.publish()
    before = tree(first.site / "releases/2017-q1")
    second.publish()
    assert tree(first.site / "releases/2017-q1") == before
    listed = json.loads((first.site / "releases.json").read_bytes())["releases"]
    assert [entry["period"] for entry in listed] == ["2017-h1", "2017-q1"]
    assert [release.state for release in rows(first, Release)] == [ReleaseState.LIVE] * 2
    # The first one's rerun, later, changes nothing either.
    site = tree(first.site)
    first.publish()
    assert tree(first.site) == site


def test_two_periods_published_at_once_both_stand_on_the_site(
    open_bureau: Callable[..., Bureau], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = quarters(open_bureau)
    both, stage = threading.Barrier(2), VersionsChannel.stage

    def meeting_stage(self: VersionsChannel, site: Tree, **how: Any) -> Any:
        with suppress(threading.BrokenBarrierError):  # wait until the other has built its site too, if it is let in
            both.wait(timeout=0.5)
        return stage(self, site, **how)

    monkeypatch.setattr(VersionsChannel, "stage", meeting_stage)
    failures: list[BaseException] = []

    def publish(bureau: Bureau) -> None:
        try:
            bureau.publish()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=publish, args=(bureau,)) for bureau in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(p.name for p in (first.site / "releases").iterdir()) == ["2017-h1", "2017-q1"]
    assert all(release.state is ReleaseState.LIVE for release in rows(first, Release))


def test_killed_and_run_again_there_is_exactly_one_release(
    signed: Bureau, run_and_die: Callable[[Bureau, str], None]
) -> None:
    """Between the switch and the commit that notes it."""
    run_and_die(
        signed,
        "from disclosure.publication import publish\n"
        "from disclosure.publication.channels.versions import VersionsChannel\n"
        f"VersionsChannel.read_live = die\npublish.publish_round(installation, {signed.cycle_id})",
    )
    (killed,) = rows(signed, Release)
    assert killed.published_at is not None
    assert killed.state is ReleaseState.PARTIAL
    seen = tree(signed.site)
    assert set(public_paths(killed.files)) < {p.removeprefix("releases/2016-annual/") for p in seen}
    signed.publish()
    (release,) = rows(signed, Release)
    assert (release.id, release.state, release.published_at) == (killed.id, ReleaseState.LIVE, killed.published_at)
    assert {row.action: row.state for row in rows(signed, ChannelDelivery)} == {"stage": "done", "switch": "done"}
    told = events(signed)
    assert [told.count(event) for event in ("release.publishing", "release.published")] == [1, 1]
    assert tree(signed.site) == seen


def test_killed_while_rendering_it_is_rendered_once(
    new_bureau: Callable[..., Bureau], run_and_die: Callable[[Bureau, str], None]
) -> None:
    bureau = new_bureau()
    bureau.hand_in_all()
    bureau.compile()
    run_and_die(
        bureau,
        "from disclosure.publication import publish\npublish.Release = die\n"
        f"publish.queries.release_of = lambda *_: None\npublish.render_round(installation, {bureau.cycle_id})",
    )
    assert rows(bureau, Release) == []
    release = bureau.render()
    assert bureau.render().id == release.id
    assert [p.name for p in bureau.installation.settings.releases.iterdir()] == [release.digest[:16]]
    assert events(bureau).count("release.rendered") == 1
