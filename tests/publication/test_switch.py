"""Protects the one act: every channel shows the release or none does (or the records say which do not yet), once.

Four channels on real servers of this machine: a folder, SFTP, S3 and the official account. One fails at each step,
under both policies; the publisher is killed at every commit.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import from_environment
from disclosure.platform.settings import Settings
from disclosure.publication import publish
from disclosure.publication.channels.folder import FolderVersions
from disclosure.publication.channels.s3 import S3Versions
from disclosure.publication.channels.sftp import SftpVersions
from disclosure.publication.openness import publish_openness
from disclosure.publication.publish import PartlyPublishedError, stage_round
from disclosure.publication.publishing_lock import publishing_lock
from disclosure.publication.upkeep import show_recorded
from disclosure.records.installation import Installation
from disclosure.records.states import ReleaseState
from disclosure.records.tables import Release
from tests.support import kill_points
from tests.support.bureau import Bureau
from tests.support.corrections import restore, settle, withdraw
from tests.support.four_channels import ALL, always, events, fail, release_of, rotten, showing, states, when_live
from tests.support.openness_staff import Keepers
from tests.support.wechat_platform import Account

pytestmark = pytest.mark.records


def test_all_show_it_and_a_second_time_nothing_is_done(signed: Bureau, account: Account) -> None:
    signed.publish()
    assert showing(signed, account) == ALL
    assert set(states(signed, "switch").values()) == {"done"}
    told = events(signed)
    assert told == ["release.publishing", "release.published"]
    calls = len(account.calls)
    signed.publish()
    assert events(signed) == told
    assert (account.published_ever, account.drafts) == (1, {})
    assert not {"draft/add", "freepublish/submit"} & set(account.calls[calls:])


@pytest.mark.parametrize("where", ["stage", "staged bytes", "switch", "live bytes"])
def test_one_fails_and_all_are_brought_back(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with monkeypatch.context() as patch:
        if where == "stage":
            fail(patch, FolderVersions, "write")
        elif where == "staged bytes":
            rotten(patch, FolderVersions, always)
        elif where == "switch":
            fail(patch, FolderVersions, "set_current")
        else:
            rotten(patch, FolderVersions, when_live)
        with pytest.raises(DisclosureError, match="没有发布，各渠道都保持原样：渠道“网站”：") as told:
            signed.publish()
        assert not isinstance(told.value, PartlyPublishedError)
    assert showing(signed, account) == set()
    release = release_of(signed)
    assert release.state is ReleaseState.PUBLISHING
    assert events(signed)[1:] == ([] if where.startswith("stage") else ["release.brought_back"])
    signed.publish()
    assert showing(signed, account) == ALL
    assert events(signed)[-1] == "release.published"
    assert len(account.articles) == 1


def test_listed_by_another_publication_meanwhile_it_is_taken_off_again(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SftpVersions, "set_current", killed)
        with pytest.raises(KeyboardInterrupt):
            signed.publish()
    # Whoever publishes next builds the site from the records, which have this release half way out.
    show_recorded(signed.installation, from_environment)
    assert {"folder", "sftp"} <= showing(signed, account)
    with monkeypatch.context() as patch:
        rotten(patch, S3Versions, always, "article.html")
        with pytest.raises(DisclosureError, match="没有发布，各渠道都保持原样：渠道“12333公共服务网”："):
            signed.publish()
    assert showing(signed, account) == set()
    signed.publish()
    assert showing(signed, account) == ALL


def test_the_account_refuses_and_nobody_else_is_switched(signed: Bureau, account: Account) -> None:
    account.polls_to_publish, account.verdict = 1, 4
    with pytest.raises(DisclosureError, match="渠道“微信公众号”：平台审核没有通过"):
        signed.publish()
    assert showing(signed, account) == set()
    assert set(states(signed, "switch")) == {"wechat"}
    account.verdict = 0
    signed.publish()
    assert showing(signed, account) == ALL


def test_what_cannot_be_brought_back_is_told_as_partial(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail(patch, FolderVersions, "set_current")
        account.fault("freepublish/delete", 45009)
        with pytest.raises(PartlyPublishedError, match=r"部分发布：.*退回时也出错：渠道“微信公众号”：今天调用"):
            signed.publish()
    assert showing(signed, account) == {"wechat"}
    assert release_of(signed).state is ReleaseState.PARTIAL
    signed.publish()
    assert showing(signed, account) == ALL
    assert account.published_ever == 1


def test_an_answer_that_was_lost_is_settled_by_the_next_attempt(signed: Bureau, account: Account) -> None:
    account.fault("freepublish/submit", "lost after")
    with pytest.raises(PartlyPublishedError, match="不知道有没有办成"):
        signed.publish()
    assert showing(signed, account) == {"wechat"}
    signed.publish()
    assert (showing(signed, account), account.published_ever) == (ALL, 1)


@pytest.mark.parametrize("where", ["stage", "switch", "live bytes"])
def test_partially_goes_on_until_whole(
    partially: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with monkeypatch.context() as patch:
        if where == "stage":
            fail(patch, SftpVersions, "write")
        elif where == "switch":
            fail(patch, SftpVersions, "set_current")
        else:
            rotten(patch, SftpVersions, when_live)
        for _ in range(2):
            with pytest.raises(PartlyPublishedError, match=r"部分发布：已在.*网站.*发布；渠道“政务公开网”：") as told:
                partially.publish()
        assert "会从未完成的渠道继续" in str(told.value)
    if where != "switch":
        assert showing(partially, account) == ALL - {"sftp"}
    release = release_of(partially)
    assert release.state is ReleaseState.PARTIAL
    assert events(partially).count("release.partly_published") == (1 if where == "stage" else 2)
    partially.publish()
    assert showing(partially, account) == ALL
    assert events(partially)[-1] == "release.published"
    assert (account.published_ever, release_of(partially).state) == (1, ReleaseState.LIVE)


def test_a_channel_that_shows_it_is_not_brought_back_for_a_later_attempt_that_cannot_reach_it(
    partially: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.fault("draft/add", 45009)
    with pytest.raises(PartlyPublishedError, match="微信公众号"):
        partially.publish()
    with monkeypatch.context() as patch:
        fail(patch, FolderVersions, "versions")
        with pytest.raises(PartlyPublishedError, match="渠道“网站”：写不进去"):
            partially.publish()
    assert showing(partially, account) == ALL
    assert "release.brought_back" not in events(partially)


def test_partially_on_no_channel_is_not_published(
    partially: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for owner in (FolderVersions, SftpVersions, S3Versions):
            fail(patch, owner, "finish")
        account.fault("draft/add", 45009)
        with pytest.raises(DisclosureError, match="没有发布，各渠道都保持原样"):
            partially.publish()
    assert (showing(partially, account), release_of(partially).state) == (set(), ReleaseState.PUBLISHING)


def test_staged_ahead_of_its_hour_nothing_is_seen_and_at_the_hour_nothing_is_sent(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = (utc_now() + dt.timedelta(hours=1)).replace(second=0, microsecond=0)
    with signed.installation.records.write() as session:
        session.execute(update(Release).values(planned_for=hour))
    assert stage_round(signed.installation, signed.cycle_id) == ""
    assert showing(signed, account) == set()
    with pytest.raises(DisclosureError, match="现在还不到时间"):
        signed.publish()
    assert showing(signed, account) == set()
    for owner in (FolderVersions, SftpVersions, S3Versions):
        fail(monkeypatch, owner, "write")
    monkeypatch.setattr(publish, "utc_now", lambda: hour + dt.timedelta(seconds=3))
    signed.publish()
    assert showing(signed, account) == ALL
    assert release_of(signed).published_at == hour


def test_late_it_tells_when_it_really_became_public(
    partially: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = utc_now() + dt.timedelta(hours=1)
    with partially.installation.records.write() as session:
        session.execute(update(Release).values(planned_for=hour))

    def publish_at(moment: dt.datetime, failing: tuple[type, ...] = ()) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(publish, "utc_now", lambda: moment)
            for owner in failing:
                fail(patch, owner, "finish")
            if failing:
                account.fault("draft/add", 45009)
                with pytest.raises(DisclosureError):
                    partially.publish()
            else:
                partially.publish()

    # At the hour it fails everywhere; two hours later it comes out in one place, after another hour in all.
    publish_at(hour, (FolderVersions, SftpVersions, S3Versions))
    late = hour + dt.timedelta(hours=2)
    publish_at(late, (SftpVersions, S3Versions))
    publish_at(late + dt.timedelta(hours=1))
    assert release_of(partially).published_at == late
    (told,) = json.loads((partially.site / "releases.json").read_bytes())["releases"]
    assert told["published_at"] == shanghai(late).isoformat(timespec="seconds")


def test_what_cannot_be_staged_ahead_is_told(signed: Bureau, account: Account) -> None:
    account.fault("draft/add", 45009)
    assert "渠道“微信公众号”：今天调用公众号接口的次数已用完" in stage_round(signed.installation, signed.cycle_id)


#: The ledger's entries of each subject, the first before and the last after it is shown; where it shows then.
TOLD = {
    "release": ("release.publishing", "release.published", ALL),
    "openness": ("openness.publishing", "openness.published", ALL),
    "withdrawal": ("release.withdrawing", "release.withdrawn", set()),
    "restoration": ("release.restoring", "release.restored", ALL),
}


def bring_to(bureau: Bureau, subject: str) -> None:
    """From a signed release to where ``subject`` is to be shown."""
    if subject != "release":
        bureau.publish()
    if subject == "openness":
        bureau.enrol("吴社保", "social_insurance_centre")
        keepers = Keepers(bureau, SimpleNamespace(move_to=lambda _: None))  # type: ignore[arg-type]
        keepers.approve(keepers.start(keepers.new("07", "guide", keepers.guide("07"))))
    if subject in {"withdrawal", "restoration"}:
        assert withdraw(bureau) == ""
    if subject == "restoration":
        settle(bureau)
        assert restore(bureau) == ""


def page_of(bureau: Bureau, folder: str, subject: str) -> bool:
    """Tell whether a folder serves the subject, or for a withdrawal what takes its place."""
    site = bureau.installation.settings.home / folder / "site"
    if subject == "openness":
        page = site / "openness/07.html"
        return page.is_file() and "0878-0000000" in page.read_text(encoding="utf-8")
    return ("已撤回" in (site / "releases/2016-annual/index.html").read_text("utf-8")) == (subject == "withdrawal")


@pytest.mark.full
@pytest.mark.parametrize("kinds", ["records", "switches"])
@pytest.mark.parametrize("subject", TOLD)
def test_killed_before_every_write_it_is_shown_once(signed: Bureau, account: Account, subject: str, kinds: str) -> None:
    """As many processes in a row as there are writes; each gets one further than the one before."""
    bring_to(signed, subject)
    given = signed.installation.settings.model_dump()
    signed.rest()
    begun, done, shown = TOLD[subject]
    deaths = 0
    for was_killed in kill_points.kills(
        kinds, kill_points.show, given, subject, signed.cycle_id, prepare=kill_points.load_profile
    ):
        deaths += was_killed
        assert events(signed, subject).count(done) == (not was_killed)
        assert len(account.drafts) + len(account.articles) <= 1
    assert deaths >= 4
    assert (events(signed, subject).count(begun), events(signed, subject).count(done)) == (1, 1)
    assert {name for name in showing(signed, account) if name in {"s3", "wechat"}} == shown & {"s3", "wechat"}
    assert page_of(signed, "", subject)
    assert page_of(signed, "remote", subject)
    assert account.drafts == {}
    assert account.published_ever == 1 + (subject == "restoration")
    assert set(states(signed, "switch").values()) == ({"done", "undone"} if subject == "withdrawal" else {"done"})
    # Of what was seen before, only a change of the catalogue goes back to anything.
    for folder in ("site.versions", "remote/site.versions"):
        versions = [path for path in (signed.installation.settings.home / folder).iterdir() if path.is_dir()]
        assert len(versions) == 1 + (subject == "openness")
    told = events(signed, subject)
    kill_points.SHOWING[subject](signed.installation, signed.cycle_id)
    assert events(signed, subject) == told


def test_openness_pages_are_brought_back_where_a_killed_publication_had_put_them(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_to(signed, "openness")
    before = showing(signed, account)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for failure, stop in ((KeyboardInterrupt, killed), (DisclosureError, None)):
        with monkeypatch.context() as patch:
            if stop:
                patch.setattr(FolderVersions, "set_current", stop)
            else:
                fail(patch, FolderVersions, "set_current")
            with pytest.raises(failure) as raised:
                publish_openness(signed.installation)
        assert page_of(signed, "remote", "openness") == (failure is KeyboardInterrupt)
    assert raised.match("政务公开页面没有公开，各渠道都保持原样：渠道“网站”：")
    assert showing(signed, account) == before == ALL
    assert len(publish_openness(signed.installation)) == 1
    assert page_of(signed, "", "openness")
    assert page_of(signed, "remote", "openness")


def test_publishers_on_two_machines_take_turns(postgres_url: str, tmp_path: Path) -> None:
    """They share our records and no folder."""
    places = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        places.append(Installation(Settings(home=tmp_path / name, profile="gaogang-2016", database_url=postgres_url)))
    entered = threading.Event()

    def wait_for_turn() -> None:
        with publishing_lock(places[1]):
            entered.set()

    other = threading.Thread(target=wait_for_turn)
    with publishing_lock(places[0]):
        other.start()
        assert not entered.wait(0.3)
    other.join()
    assert entered.is_set()
    places[0].records.engine.dispose()
