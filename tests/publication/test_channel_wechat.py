"""The official account: a draft nobody sees, published once and only once, whatever the platform answers."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from disclosure.catalog import Channel as ChannelFact
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import from_environment
from disclosure.publication.channels import PublishingChannel, Staged, UnknownOutcomeError, open_channel, wechat_api
from disclosure.publication.contents.tree import Tree
from tests.support import kill_points
from tests.support.wechat_platform import SECRET, Account, Platform

pytestmark = pytest.mark.unit

TITLE = "泰州市高港区2016年度社会保险信息披露"
FILES = {
    "article.html": '<section style="color:#333"><p>截至 2016年12月底，参保 <b>52,002</b> 人。</p>'
    '<p><img alt="图" src="chart.png"/> <img alt="图" src="chart.png"/></p></section>'.encode(),
    "article.json": json.dumps({"title": TITLE, "author": "高港区人社局", "digest": "参保 52,002 人"}).encode(),
    "cover.png": b"\x89PNG cover",
    "chart.png": b"\x89PNG chart",
}
TREE = Tree.of(FILES)


@pytest.fixture
def account(wechat: Platform, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Account]:
    """A new account: its appid and what lies on the platform."""
    monkeypatch.setenv("WECHAT_SECRET", SECRET)
    appid = f"wx{uuid.uuid4().hex[:16]}"
    return appid, wechat.account(appid)


@pytest.fixture
def fact(wechat: Platform, account: tuple[str, Account]) -> ChannelFact:
    """The account as ``channels.yaml`` says it."""
    return ChannelFact(
        id="wechat",
        name="微信公众号",
        office="publicity_section",
        kind="wechat",
        url=wechat.url,
        content="release",
        folder="wechat",
        options={"appid": account[0], "poll_seconds": 0.01, "patience_seconds": 2, "settle_seconds": 0.05},
        secrets={"appsecret": {"env": "WECHAT_SECRET"}},  # type: ignore[dict-item]
    )


@pytest.fixture
def channel(fact: ChannelFact, tmp_path: Path) -> Iterator[PublishingChannel]:
    with open_channel(fact, tmp_path, from_environment) as opened:
        yield opened


@pytest.fixture
def there(account: tuple[str, Account]) -> Account:
    return account[1]


def publish(channel: PublishingChannel, begun: Staged | None = None) -> Staged:
    staged = channel.stage(TREE, begun=begun)
    assert channel.read_staged(staged, TREE) == ()
    channel.switch(staged)
    assert channel.read_live(TREE) == ()
    return staged


def test_a_draft_is_staged_published_once_and_taken_back(channel: PublishingChannel, there: Account) -> None:
    assert channel.live() is None
    staged = channel.stage(TREE)
    assert (len(there.drafts), len(there.articles)) == (1, 0)
    assert channel.read_staged(staged, TREE) == ()
    assert "公众号里没有这篇文章" in channel.read_live(TREE)[0]
    assert channel.stage(TREE) == staged
    # One upload for a picture shown twice, none of it left as a relative address.
    assert there.calls.count("media/uploadimg") == 1
    assert "mmbiz.example" in there.drafts[staged.token]["content"]
    channel.switch(staged)
    assert (len(there.drafts), len(there.articles), there.published_ever) == (0, 1, 1)
    live = channel.live()
    assert live is not None
    assert live.label == f"最近一篇《{TITLE}》"
    publish(channel)
    assert there.published_ever == 1
    channel.undo(staged, "")
    channel.undo(staged, "")
    assert there.articles == {}
    publish(channel)
    assert there.published_ever == 2


def test_what_somebody_changed_on_the_platform_is_found(channel: PublishingChannel, there: Account) -> None:
    staged = channel.stage(TREE)
    there.drafts[staged.token]["content"] = there.drafts[staged.token]["content"].replace("52,002", "52,003")
    there.drafts[staged.token]["digest"] = "别的摘要"
    assert channel.read_staged(staged, TREE) == ("公众号上的摘要与发布的不符。", "公众号上的正文与发布的不符。")
    channel.discard(staged)
    channel.discard(staged)
    assert channel.read_staged(staged, TREE) == ("草稿已不在公众号的草稿箱里。",)
    publish(channel)
    (article,) = there.articles.values()
    article["content"] = article["content"].replace("52,002", "52,003")
    assert "内容与发布的不符" in channel.read_live(TREE)[0]


def test_an_old_token_is_renewed_once_and_a_wrong_secret_is_told(
    channel: PublishingChannel, there: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.fault("draft/batchget", 42001)
    publish(channel)
    there.fault("freepublish/batchget", 40001, 40001)
    with pytest.raises(DisclosureError, match="渠道“微信公众号”：公众号密钥 appsecret 不对"):
        channel.live()
    there.token = ""
    monkeypatch.setattr(channel._api, "_secret", "falsch")  # type: ignore[attr-defined]
    with pytest.raises(DisclosureError, match="公众号密钥 appsecret 不对") as told:
        channel.live()
    assert "falsch" not in str(told.value)


def test_a_busy_platform_is_asked_again_and_a_used_up_quota_is_told(
    channel: PublishingChannel, there: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat_api, "_BUSY_PAUSES", (0.01, 0.01))
    there.fault("draft/add", -1, -1)
    publish(channel)
    for number, words in ((45009, "今天调用公众号接口的次数已用完"), (40164, "IP 白名单"), (99999, "错误 99999")):
        there.fault("freepublish/batchget", number)
        with pytest.raises(DisclosureError, match=words):
            channel.live()
    there.fault("freepublish/batchget", -1, -1, -1)
    with pytest.raises(DisclosureError, match="错误 -1"):
        channel.live()


@pytest.mark.parametrize(("verdict", "words"), [(2, "原创声明没有通过"), (4, "平台审核没有通过")])
def test_a_refused_publication_says_why(channel: PublishingChannel, there: Account, verdict: int, words: str) -> None:
    there.verdict = verdict
    staged = channel.stage(TREE)
    with pytest.raises(DisclosureError, match=words) as told:
        channel.switch(staged)
    assert not isinstance(told.value, UnknownOutcomeError)
    there.verdict = 0
    publish(channel)
    assert there.published_ever == 1


def test_a_submission_whose_answer_was_lost_is_not_submitted_again(
    channel: PublishingChannel, there: Account, wechat: Platform, account: tuple[str, Account]
) -> None:
    staged = channel.stage(TREE)
    there.fault("freepublish/submit", "lost after")
    with pytest.raises(UnknownOutcomeError, match="不知道有没有办成"):
        channel.switch(staged)
    # The platform is at work on it; it ends while the next attempt waits.
    settle = threading.Timer(0.02, wechat.settle, [account[0]])
    settle.start()
    publish(channel, begun=staged)
    settle.join()
    assert (there.published_ever, len(there.articles), there.drafts) == (1, 1, {})


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/cgi-bin/", "http://[/", "nowhere/"])
def test_when_nobody_is_there_nothing_is_in_doubt(
    channel: PublishingChannel, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    staged = channel.stage(TREE)
    monkeypatch.setattr(channel._api, "_base_url", address)  # type: ignore[attr-defined]
    with pytest.raises(DisclosureError, match="连不上公众号接口") as told:
        channel.switch(staged)
    assert not isinstance(told.value, UnknownOutcomeError)


def test_a_submission_that_never_arrived_is_made_again(channel: PublishingChannel, there: Account) -> None:
    staged = channel.stage(TREE)
    there.fault("freepublish/submit", "lost before")
    with pytest.raises(UnknownOutcomeError):
        channel.switch(staged)
    publish(channel, begun=staged)
    assert there.published_ever == 1


def test_when_neither_draft_nor_article_is_there_a_person_has_to_look(
    channel: PublishingChannel, there: Account
) -> None:
    staged = channel.stage(TREE)
    there.drafts.clear()
    with pytest.raises(UnknownOutcomeError, match="请到公众平台的“发表记录”核对"):
        channel.stage(TREE, begun=staged)
    assert there.drafts == {}


def test_a_platform_that_takes_its_time_is_waited_for_and_then_in_doubt(
    channel: PublishingChannel, there: Account
) -> None:
    there.polls_to_publish = 10_000
    channel._patience = 0.05  # type: ignore[attr-defined]
    staged = channel.stage(TREE)
    with pytest.raises(UnknownOutcomeError, match="还在处理"):
        channel.switch(staged)
    there.polls_to_publish = 5
    channel._patience = 2.0  # type: ignore[attr-defined]
    publish(channel, begun=staged)


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ({"cover.png": None}, "缺少公众号文章的 cover.png"),
        ({"article.html": None, "article.json": None}, "article.html、article.json"),
        ({"article.json": b"{}"}, "没有标题"),
        ({"chart.png": None}, "图片 chart.png 不在发布件中"),
    ],
)
def test_an_article_that_is_not_whole_is_refused(
    channel: PublishingChannel, there: Account, lacking: Any, words: str
) -> None:
    files = {name: content for name, content in {**FILES, **lacking}.items() if content is not None}
    with pytest.raises(DisclosureError, match=words):
        channel.stage(Tree.of(files))
    assert there.drafts == {}


def test_killed_at_any_write_there_is_exactly_one_article(
    fact: ChannelFact, channel: PublishingChannel, there: Account, tmp_path: Path
) -> None:
    deaths = 0
    for was_killed in kill_points.kills("channels", kill_points.put_on, fact, tmp_path, FILES):
        deaths += was_killed
        assert len(there.drafts) + len(there.articles) <= 1
        staged = publish(channel)
        assert (len(there.drafts), len(there.articles)) == (0, 1)
        channel.undo(staged, "")
    # A picture, the cover, the draft, the submission; then it came to its end.
    assert deaths == 4
