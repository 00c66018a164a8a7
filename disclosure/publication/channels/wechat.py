"""WeChat official account: a draft is what is staged, publishing it is the switch, deleting the article the undo.

The platform publishes in its own time and has no names of ours: an article is looked for by its words before anything
is sent. The one gap is a submission whose answer was lost. It is waited out: only a draft that is still there a while
later, with no such article published, is submitted again; when neither is there a person has to look.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from disclosure.platform.errors import DisclosureError
from disclosure.publication.channels.base import Live, PublishingChannel, Staged, UnknownOutcomeError
from disclosure.publication.channels.wechat_api import NoSuchMediaError, WechatApi
from disclosure.publication.channels.wechat_article import Article, identity, read_article
from disclosure.publication.contents.tree import Tree

_REFUSED = {
    2: "原创声明没有通过",
    3: "发布失败",
    4: "平台审核没有通过",
    5: "文章已被人删除",
    6: "文章已被平台封禁",
}
#: The token of an article that was published before it was staged anew: there is nothing to submit.
_PUBLISHED = "published"


class WechatChannel(PublishingChannel):
    """One account.

    A submission is asked after every ``poll_seconds`` for ``patience_seconds``; one whose answer was lost is looked
    for during ``settle_seconds``.
    """

    def __init__(
        self,
        api: WechatApi,
        where: str,
        *,
        poll_seconds: float = 2.0,
        patience_seconds: float = 180.0,
        settle_seconds: float = 60.0,
    ) -> None:
        self._api, self.where = api, where
        self._poll, self._patience, self._settle = poll_seconds, patience_seconds, settle_seconds

    def stage(self, tree: Tree, *, afresh: bool = False, begun: Staged | None = None) -> Staged:  # noqa: ARG002
        """See ``PublishingChannel``; what is not to be trusted was discarded before."""
        article = read_article(tree)
        is_begun = begun is not None and begun.digest == article.identity
        if self._find_published(article.identity, article.title, wait=self._settle if is_begun else 0.0):
            return Staged(_PUBLISHED, article.identity)
        if draft := self._find_draft(article):
            return Staged(draft, article.identity)
        if is_begun:
            raise UnknownOutcomeError(
                f"{self.where}：上次提交发布时中断，公众号里既没有这篇文章，也没有它的草稿。请到公众平台的“发表记录”核对："
                "正在发布的，等一会儿重试；没有发布的，把文章重新存为草稿后重试。"
            )
        return Staged(self._add_draft(article), article.identity)

    def read_staged(self, staged: Staged, tree: Tree) -> tuple[str, ...]:
        """See ``PublishingChannel``: title, summary, author, words and pictures of the draft."""
        article = read_article(tree)
        if staged.token == _PUBLISHED:
            return self.read_live(tree)
        try:
            return _differences(article, self._api.draft(staged.token))
        except NoSuchMediaError:
            return ("草稿已不在公众号的草稿箱里。",)

    def switch(self, staged: Staged) -> None:
        """See ``PublishingChannel``: submitted, and waited for until it is published."""
        if staged.token == _PUBLISHED:
            return
        try:
            publish_id = self._api.submit(staged.token)
        except NoSuchMediaError:
            raise DisclosureError(f"{self.where}：草稿已不在公众号的草稿箱里，请重试以重新存为草稿。") from None
        until = time.monotonic() + self._patience
        while (status := self._status(publish_id)) == 1:
            if time.monotonic() > until:
                raise UnknownOutcomeError(f"{self.where}：已提交发布，公众号还在处理，请稍后重试以核对结果。")
            time.sleep(self._poll)
        if status:
            reason = _REFUSED.get(status, f"发布状态为 {status}")
            raise DisclosureError(f"{self.where}：{reason}，请到公众平台查看原因，处理后重试。")

    def read_live(self, tree: Tree) -> tuple[str, ...]:
        """See ``PublishingChannel``."""
        article = read_article(tree)
        found = self._find_published(article.identity, article.title)
        if not found:
            return ("公众号里没有这篇文章，或者内容与发布的不符。",)
        return _differences(article, self._api.article(found))

    def live_content(self, tree: Tree) -> str | None:
        """Return the HTML of the published article as the platform gives it back; None when there is none."""
        article = read_article(tree)
        found = self._find_published(article.identity, article.title)
        return str(self._api.article(found)["content"]) if found else None

    def live(self) -> Live | None:
        """See ``PublishingChannel``: the newest article."""
        newest = next(self._api.published(), None)
        return Live(newest[0], f"最近一篇《{newest[1]}》") if newest else None

    def undo(self, staged: Staged, before: str) -> None:  # noqa: ARG002 - articles stand beside one another
        """See ``PublishingChannel``: the article is deleted; there is no draft of it any more."""
        for article_id, _ in self._api.published():
            if _identity_of(self._api.article(article_id)) == staged.digest:
                self._api.unpublish(article_id)
                return

    def discard(self, staged: Staged) -> None:
        """See ``PublishingChannel``."""
        if staged.token != _PUBLISHED:
            try:
                self._api.draft_delete(staged.token)
            except NoSuchMediaError:
                return

    def close(self) -> None:
        """See ``PublishingChannel``."""
        self._api.close()

    def _status(self, publish_id: str) -> int:
        """Ask how the submission stands; while that cannot be asked, its outcome is not known."""
        try:
            return self._api.publish_status(publish_id)
        except DisclosureError as error:
            raise UnknownOutcomeError(str(error)) from None

    def _find_published(self, wanted: str, title: str, wait: float = 0.0) -> str:
        """Return the id of a published article, waiting for one that may be on its way; empty: there is none."""
        until = time.monotonic() + wait
        while True:
            for article_id in _titled(self._api.published(), title):
                if _identity_of(self._api.article(article_id)) == wanted:
                    return article_id
            if time.monotonic() >= until:
                return ""
            time.sleep(self._poll)

    def _find_draft(self, article: Article) -> str:
        for media_id in _titled(self._api.drafts(), article.title):
            if _identity_of(self._api.draft(media_id)) == article.identity:
                return media_id
        return ""

    def _add_draft(self, article: Article) -> str:
        return self._api.draft_add(
            {
                "title": article.title,
                "author": article.author,
                "digest": article.summary,
                "content": article.with_pictures(self._api.upload_picture),
                "content_source_url": article.source_url,
                "thumb_media_id": self._api.upload_cover(article.cover, article.pictures[article.cover]),
                "need_open_comment": 0,
                "only_fans_can_comment": 0,
            }
        )


def open_wechat(url: str, options: Mapping[str, Any], secret: str, where: str) -> WechatChannel:
    """Open the account that a channel's ``options`` name; they may also hold the times of ``WechatChannel``."""
    times = {name: float(value) for name, value in options.items() if name != "appid"}
    return WechatChannel(WechatApi(f"{url.rstrip('/')}/", str(options["appid"]), secret, where), where, **times)


def _titled(listed: Iterator[tuple[str, str]], title: str) -> Iterator[str]:
    return (found for found, its_title in listed if its_title == title)


def _identity_of(item: Mapping[str, Any]) -> str:
    return identity(str(item["title"]), str(item["content"]))


def _differences(article: Article, item: Mapping[str, Any]) -> tuple[str, ...]:
    """Tell how an article on the platform differs, a sentence each."""
    wrong = [
        f"公众号上的{name}与发布的不符。"
        for name, wanted, found in (
            ("标题", article.title, item["title"]),
            ("作者", article.author, item.get("author", "")),
            ("摘要", article.summary, item.get("digest", "")),
            ("原文链接", article.source_url, item.get("content_source_url", "")),
        )
        if wanted != found
    ]
    if article.identity != _identity_of(item):
        wrong.append("公众号上的正文与发布的不符。")
    return tuple(wrong)
