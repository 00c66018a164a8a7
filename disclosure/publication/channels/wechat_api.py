"""The official account's API through wechatpy: tokens, patience, errors in words.

The calls are those of the platform's pages on 草稿箱 (draft), 发布能力 (freepublish) and 素材管理 (material).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException

from disclosure.errors import DisclosureError
from disclosure.publication.channels.base import UnknownOutcomeError

_SECONDS = 20.0
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


class WechatApi:
    """One account. Every method raises ``DisclosureError`` with a sentence that begins with ``where``.

    ``base_url`` ends in ``/cgi-bin/``.
    """

    def __init__(self, base_url: str, appid: str, secret: str, where: str) -> None:
        self._where, self._secret = where, secret
        self._client = _Client(base_url, appid, secret)

    def draft_add(self, article: dict[str, Any]) -> str:
        """The ``media_id`` of a new draft."""
        return str(self._post("draft/add", {"articles": [article]}, changes=True)["media_id"])

    def draft(self, media_id: str) -> dict[str, Any]:
        """The first article of a draft."""
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
        """A published article."""
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
        """The address of a picture inside articles."""
        return str(self._ask("media/uploadimg", files={"media": (name, content)}, changes=True)["url"])

    def upload_cover(self, name: str, content: bytes) -> str:
        """The ``media_id`` of a cover picture."""
        given = {"files": {"media": (name, content)}, "params": {"type": "image"}}
        return str(self._ask("material/add_material", **given, changes=True)["media_id"])

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
        return self._ask(endpoint, data=data, changes=changes)

    def _ask(self, endpoint: str, *, changes: bool, **given: Any) -> dict[str, Any]:
        """One call; a stale token is renewed once, a busy platform is asked again."""
        pauses, renewals = iter(_BUSY_PAUSES), iter((True,))
        while True:
            try:
                # wechatpy puts its token into the parameters it is given.
                call = {**given, "params": dict(given.get("params", {}))}
                answer: dict[str, Any] = self._client.post(endpoint, **call)
            except WeChatClientException as error:
                if error.errcode in _STALE_TOKEN and next(renewals, False):
                    self._renew()
                    continue
                if error.errcode == _BUSY and (pause := next(pauses, None)):
                    time.sleep(pause)
                    continue
                raise self._in_words(error) from None
            except Exception as error:
                if not _is_of_the_network(error):
                    raise
                raise self._lost(error, changes=changes) from None
            return answer

    def _renew(self) -> None:
        try:
            self._client.fetch_access_token(force=True)
        except WeChatClientException as error:
            raise self._in_words(error) from None

    def _in_words(self, error: WeChatClientException) -> DisclosureError:
        if error.errcode == _NO_SUCH_MEDIA:
            return NoSuchMediaError(f"{self._where}：公众号里没有这篇草稿或文章。")
        if error.errcode in _WORDS:
            return DisclosureError(f"{self._where}：{_WORDS[error.errcode]}。")
        told = str(error.errmsg or "没有说明").replace(self._secret, "***")[:160]
        return DisclosureError(f"{self._where}：公众号接口答复了错误 {error.errcode}（{told}），请把这句话告诉管理员。")

    def _lost(self, error: Exception, *, changes: bool) -> DisclosureError:
        refused = any(kind.__name__ in ("ConnectTimeout", "ConnectionError") for kind in type(error).__mro__)
        if changes and not (refused and "Connection aborted" not in str(error)):
            return UnknownOutcomeError(f"{self._where}：公众号没有及时答复，不知道有没有办成，请稍后重试。")
        return DisclosureError(f"{self._where}：连不上公众号接口，请核对地址和网络，稍后重试。")


class _Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client, at an address of ours, with the token that several programs may hold at a time."""

    def __init__(self, base_url: str, appid: str, secret: str) -> None:
        self.API_BASE_URL = base_url
        # Renewing is ours: wechatpy would go on for ever against a server that takes no token.
        super().__init__(appid, secret, timeout=_SECONDS, auto_retry=False)

    def fetch_access_token(self, *, force: bool = False) -> dict[str, Any]:
        """A ``stable_token``: asking for it takes none away from others; ``force`` asks for another one."""
        answer: dict[str, Any] = self._handle_result(
            self._http.post(
                f"{self.API_BASE_URL}stable_token",
                json={
                    "grant_type": "client_credential",
                    "appid": self.appid,
                    "secret": self.secret,
                    "force_refresh": force,
                },
                timeout=self.timeout,
            )
        )
        self.session.set(self.access_token_key, answer["access_token"], answer["expires_in"])
        self.expires_at = int(time.time()) + int(answer["expires_in"])
        return answer

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


def _is_of_the_network(error: Exception) -> bool:
    return any(kind.__module__.startswith("requests") for kind in type(error).__mro__)
