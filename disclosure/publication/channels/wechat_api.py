"""The official account's API: tokens, patience, errors in words.

The calls are those of the platform's pages on 草稿箱 (draft), 发布能力 (freepublish) and 素材管理 (material).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx

from disclosure.platform.errors import DisclosureError, UnavailableError
from disclosure.platform.http_errors import NOTHING_LEFT
from disclosure.publication.channels.base import UnknownOutcomeError

_SECONDS, _TOKEN_SECONDS_SPARED = 20.0, 60
_PAGE = 20
_BUSY_PAUSES = (0.5, 2.0)
_BUSY, _NO_SUCH_MEDIA = -1, 40007
#: The token ran out, or another program's newer one has replaced it.
_STALE_TOKEN = (40001, 40014, 42001)
_WORDS = {
    40001: "公众号密钥 appsecret 不对，请核对",
    40013: "公众号 appid 不对，请核对",
    40125: "公众号密钥 appsecret 不对，请核对",
    40164: "这台机器的地址不在公众号的 IP 白名单里，请到公众平台“设置与开发”里添加",
    45009: "今天调用公众号接口的次数已用完，请明天再试，或到公众平台清零调用次数",
    45002: "文章超过公众号的长度限制，请退回一轮缩短",
    45003: "标题超过公众号的长度限制，请退回一轮缩短",
    45004: "摘要超过公众号的长度限制，请退回一轮缩短",
    48001: "公众号没有这个接口的权限，请核对公众号是否已认证",
    50002: "公众号被限制使用，请到公众平台查看通知",
    53503: "草稿没有通过公众号的发布检查，请到公众平台查看原因",
    53504: "这篇草稿要到公众平台官网上处理",
    53505: "请到公众平台手动保存这篇草稿后再试",
}


class NoSuchMediaError(DisclosureError):
    """The draft or the article is not there."""


class _WechatError(Exception):
    """The platform said no: an error number, and what it says of it."""

    def __init__(self, code: int, told: str) -> None:
        super().__init__(code, told)
        self.code, self.told = code, told


class WechatApi:
    """One account. Every method raises ``DisclosureError`` with a sentence that begins with ``where``.

    ``base_url`` ends in ``/cgi-bin/``.
    """

    def __init__(self, base_url: str, appid: str, secret: str, where: str) -> None:
        self._base_url, self._appid, self._secret, self._where = base_url, appid, secret, where
        self._client = httpx.Client(timeout=_SECONDS)
        self._token_until = 0.0

    def draft_add(self, article: dict[str, Any]) -> str:
        """Add a draft; return its ``media_id``."""
        return str(self._post("draft/add", {"articles": [article]}, changes=True)["media_id"])

    def draft(self, media_id: str) -> dict[str, Any]:
        """Return the first article of a draft."""
        item: dict[str, Any] = self._post("draft/get", {"media_id": media_id})["news_item"][0]
        return item

    def draft_delete(self, media_id: str) -> None:
        """Remove a draft."""
        self._post("draft/delete", {"media_id": media_id}, changes=True)

    def drafts(self) -> Iterator[tuple[str, str]]:
        """(media_id, title) of every draft, the newest first."""
        return self._listed("draft/batchget", "media_id")

    def published(self) -> Iterator[tuple[str, str]]:
        """(article_id, title) of every published article, the newest first."""
        return self._listed("freepublish/batchget", "article_id")

    def article(self, article_id: str) -> dict[str, Any]:
        """Return a published article."""
        item: dict[str, Any] = self._post("freepublish/getarticle", {"article_id": article_id})["news_item"][0]
        return item

    def submit(self, media_id: str) -> str:
        """Publish a draft: the ``publish_id`` of the task, whose end ``publish_status`` tells."""
        return str(self._post("freepublish/submit", {"media_id": media_id}, changes=True)["publish_id"])

    def publish_status(self, publish_id: str) -> int:
        """0 published, 1 under way, 2 and above refused."""
        return int(self._post("freepublish/get", {"publish_id": publish_id})["publish_status"])

    def unpublish(self, article_id: str) -> None:
        """Delete a published article, all of its parts."""
        self._post("freepublish/delete", {"article_id": article_id, "index": 0}, changes=True)

    def upload_picture(self, name: str, content: bytes) -> str:
        """Upload a picture for use inside articles; return its address."""
        return str(self._ask("media/uploadimg", files={"media": (name, content)}, changes=True)["url"])

    def upload_cover(self, name: str, content: bytes) -> str:
        """Upload a cover picture; return its ``media_id``."""
        files = {"media": (name, content)}
        return str(self._ask("material/add_material", files=files, params={"type": "image"}, changes=True)["media_id"])

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _listed(self, endpoint: str, key: str) -> Iterator[tuple[str, str]]:
        offset, total = 0, 1
        while offset < total:
            page = self._post(endpoint, {"offset": offset, "count": _PAGE, "no_content": 1})
            total = int(page.get("total_count", 0))
            for item in page.get("item", []):
                parts = item["content"]["news_item"]
                if not all(part.get("is_deleted") for part in parts):
                    yield str(item[key]), str(parts[0]["title"])
            offset += _PAGE

    def _post(self, endpoint: str, data: dict[str, Any], *, changes: bool = False) -> dict[str, Any]:
        # Chinese as it is: the platform would print escapes.
        return self._ask(endpoint, content=json.dumps(data, ensure_ascii=False).encode(), changes=changes)

    def _ask(self, endpoint: str, *, changes: bool, **given: Any) -> dict[str, Any]:
        """One call; a stale token is renewed once, a busy platform is asked again."""
        pauses, renewals = iter(_BUSY_PAUSES), iter((True,))
        if time.monotonic() > self._token_until:
            self._fetch_token()
        while True:
            try:
                return self._call(endpoint, changes=changes, **given)
            except _WechatError as error:
                if error.code in _STALE_TOKEN and next(renewals, False):
                    self._fetch_token(force=True)
                elif error.code == _BUSY and (pause := next(pauses, None)):
                    time.sleep(pause)
                else:
                    raise self._in_words(error) from None

    def _fetch_token(self, *, force: bool = False) -> None:
        """Take a ``stable_token``: asking for it takes none away from others; ``force`` asks for another one."""
        asked = {"grant_type": "client_credential", "appid": self._appid, "secret": self._secret}
        try:
            answer = self._call("stable_token", changes=False, json={**asked, "force_refresh": force})
        except _WechatError as error:
            raise self._in_words(error) from None
        self._client.params = httpx.QueryParams(access_token=answer["access_token"])
        self._token_until = time.monotonic() + int(answer["expires_in"]) - _TOKEN_SECONDS_SPARED

    def _call(self, endpoint: str, *, changes: bool, **given: Any) -> dict[str, Any]:
        try:
            response = self._client.post(self._base_url + endpoint, **given).raise_for_status()
            # Some answers hold control characters, or half a character.
            answer: dict[str, Any] = json.loads(response.content.decode(errors="ignore"), strict=False)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            if changes and not isinstance(error, NOTHING_LEFT):
                lost = f"{self._where}：公众号没有及时答复，不知道有没有办成，请稍后重试。"
                raise UnknownOutcomeError(lost) from None
            raise UnavailableError(f"{self._where}：连不上公众号接口，请核对地址和网络，稍后重试。") from None
        if code := int(answer.get("errcode", 0)):
            raise _WechatError(code, str(answer.get("errmsg") or ""))
        return answer

    def _in_words(self, error: _WechatError) -> DisclosureError:
        if error.code == _NO_SUCH_MEDIA:
            return NoSuchMediaError(f"{self._where}：公众号里没有这篇草稿或文章。")
        if error.code in _WORDS:
            return DisclosureError(f"{self._where}：{_WORDS[error.code]}。")
        told = (error.told or "没有说明").replace(self._secret, "***")[:160]
        return DisclosureError(f"{self._where}：公众号接口答复了错误 {error.code}（{told}），请把这句话告诉管理员。")
