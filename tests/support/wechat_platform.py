"""A server that answers as the platform of WeChat official accounts does, with accounts kept in memory.

Shapes, error numbers and the order of things are those of the platform's documentation: draft (草稿箱), freepublish
(发布能力), material (素材管理), stable_token. Each account (appid) stands alone. ``fault`` makes the next call of an
endpoint go wrong: a number is that error, ``lost before`` hangs up before anything was done, ``lost after`` after it.
"""

from __future__ import annotations

import http.server
import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRET = "0123456789abcdef"
LONGEST_TITLE, LONGEST_CONTENT = 64, 20_000


@dataclass
class Account:
    """One official account; ``polls_to_publish``: how often a submission answers that it is under way."""

    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    articles: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    materials: set[str] = field(default_factory=set)
    token: str = ""
    polls_to_publish: int = 1
    verdict: int = 0
    faults: dict[str, list[int | str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    published_ever: int = 0

    def fault(self, endpoint: str, *faults: int | str) -> None:
        """What the next calls of ``endpoint`` do instead of answering."""
        self.faults.setdefault(endpoint, []).extend(faults)


class RefusedError(Exception):
    """An errcode."""


class HungUpError(Exception):
    """The connection ends without an answer."""


class Platform:
    """All accounts, behind ``url`` (it ends in ``/cgi-bin/``)."""

    def __init__(self) -> None:
        self.url = ""
        self.accounts: dict[str, Account] = {}
        self._numbers = itertools.count(100000001)
        self._lock = threading.Lock()

    def account(self, appid: str) -> Account:
        """The account, opened on first use."""
        return self.accounts.setdefault(appid, Account())

    def answer(self, endpoint: str, query: dict[str, list[str]], body: bytes) -> dict[str, Any]:
        """What one call is answered with."""
        with self._lock:
            try:
                return {"errcode": 0, "errmsg": "ok", **self._answer(endpoint, query, body)}
            except RefusedError as refused:
                return {"errcode": refused.args[0], "errmsg": "refused, rid: 6512-fake"}

    def _answer(self, endpoint: str, query: dict[str, list[str]], body: bytes) -> dict[str, Any]:
        if endpoint == "stable_token":
            return self._token(json.loads(body))
        token = query.get("access_token", [""])[0]
        account = next((one for one in self.accounts.values() if one.token and one.token == token), None)
        if account is None:
            raise RefusedError(40001)
        account.calls.append(endpoint)
        waiting = account.faults.get(endpoint, [])
        fault = waiting.pop(0) if waiting else ""
        if isinstance(fault, int):
            raise RefusedError(fault)
        if fault == "lost before":
            raise HungUpError
        if endpoint.startswith(("media/", "material/")):
            answered = self._picture(account, endpoint, body)
        elif b"\\u" in body:
            raise RefusedError(47001)  # it would print them
        else:
            answered = getattr(self, "_" + endpoint.replace("/", "_"))(account, json.loads(body))
        if fault == "lost after":
            raise HungUpError
        return answered

    def _token(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["appid"] not in self.accounts:
            raise RefusedError(40013)
        if asked["secret"] != SECRET:
            raise RefusedError(40125)
        account = self.accounts[asked["appid"]]
        if asked.get("force_refresh") or not account.token:
            account.token = f"{asked['appid']}-{next(self._numbers)}"
        return {"access_token": account.token, "expires_in": 7200}

    def _picture(self, account: Account, endpoint: str, body: bytes) -> dict[str, Any]:
        name = f"picture-{next(self._numbers)}"
        account.pictures[name] = body.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
        if endpoint == "media/uploadimg":
            return {"url": f"https://mmbiz.example/{name}"}
        account.materials.add(name)
        return {"media_id": name, "url": f"https://mmbiz.example/{name}"}

    def _draft_add(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        (article,) = asked["articles"]
        if len(article["title"]) > LONGEST_TITLE:
            raise RefusedError(45003)
        if len(article["content"]) > LONGEST_CONTENT:
            raise RefusedError(45002)
        if article["thumb_media_id"] not in account.materials:
            raise RefusedError(40007)
        # The platform rewrites what it is given.
        content = re.sub(r'<img([^>]*?) src="', r'<img class="rich_pages"\1 data-src="', article["content"])
        media_id = f"draft-{next(self._numbers)}"
        account.drafts[media_id] = {**article, "content": f'<section data-tool="mp">{content}\n</section>'}
        return {"media_id": media_id}

    def _draft_get(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        return {"news_item": [self._known(account.drafts, asked["media_id"])]}

    def _draft_delete(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        self._known(account.drafts, asked["media_id"])
        del account.drafts[asked["media_id"]]
        return {}

    def _draft_batchget(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        return self._page(account.drafts, "media_id", asked)

    def _freepublish_batchget(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        return self._page(account.articles, "article_id", asked)

    def _freepublish_submit(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        item = self._known(account.drafts, asked["media_id"])
        publish_id = str(next(self._numbers))
        account.tasks[publish_id] = {"left": account.polls_to_publish, "item": item, "draft": asked["media_id"]}
        if not account.polls_to_publish:
            self._finish(account, account.tasks[publish_id])
        return {"publish_id": publish_id, "msg_data_id": publish_id}

    def _freepublish_get(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        task = self._known(account.tasks, asked["publish_id"])
        if "article_id" in task:
            return {"publish_id": asked["publish_id"], "publish_status": 0, "article_id": task["article_id"]}
        if task["left"]:
            task["left"] -= 1
            return {"publish_id": asked["publish_id"], "publish_status": 1, "fail_idx": []}
        self._finish(account, task)
        return {"publish_id": asked["publish_id"], "publish_status": account.verdict, "fail_idx": []}

    def _finish(self, account: Account, task: dict[str, Any]) -> None:
        if account.verdict:
            return
        account.drafts.pop(task["draft"], None)
        task["article_id"] = f"article-{next(self._numbers)}"
        account.articles[task["article_id"]] = {**task["item"], "is_deleted": False}
        account.published_ever += 1

    def settle(self, appid: str) -> None:
        """The platform comes to an end with what was submitted, without anybody asking."""
        with self._lock:
            for task in self.account(appid).tasks.values():
                if "article_id" not in task:
                    self._finish(self.account(appid), task)

    def _freepublish_getarticle(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        return {"news_item": [self._known(account.articles, asked["article_id"])]}

    def _freepublish_delete(self, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
        self._known(account.articles, asked["article_id"])
        del account.articles[asked["article_id"]]
        return {}

    @staticmethod
    def _known(items: dict[str, dict[str, Any]], key: str) -> dict[str, Any]:
        if key not in items:
            raise RefusedError(40007)
        return items[key]

    @staticmethod
    def _page(items: dict[str, dict[str, Any]], key: str, asked: dict[str, Any]) -> dict[str, Any]:
        listed = list(reversed(items.items()))[asked["offset"] : asked["offset"] + asked["count"]]
        found = [
            {key: name, "content": {"news_item": [{k: v for k, v in item.items() if k != "content"}]}}
            for name, item in listed
        ]
        return {"total_count": len(items), "item_count": len(found), "item": found}


@contextmanager
def platform() -> Iterator[Platform]:
    """The platform on a free port of this machine."""
    running = Platform()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                answered = running.answer(address.path.removeprefix("/cgi-bin/"), parse_qs(address.query), body)
            except HungUpError:
                self.close_connection = True
                return
            content = json.dumps(answered, ensure_ascii=False).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json; encoding=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running.url = f"http://127.0.0.1:{server.server_address[1]}/cgi-bin/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield running
        server.shutdown()
        thread.join()
