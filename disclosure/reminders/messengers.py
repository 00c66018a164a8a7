"""The ways by which a letter reaches a person, through Apprise: e-mail, and the robots of WeCom and DingTalk groups.

Apprise says only "sent" or "not sent", and takes every answer 200 of a robot for a yes. The outbox must know more:
whether it is certain that nothing left (``NotSentError``; any other error means that it may have).
"""

from __future__ import annotations

import logging
import re
import smtplib
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import requests
from apprise import NotifyFormat
from apprise.plugins.base import NotifyBase
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.email import NotifyEmail
from apprise.plugins.wecombot import NotifyWeComBot

from disclosure.catalog import Messenger
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets
from disclosure.reminders.letters import Letter
from disclosure.reminders.outbox import AddressRefusedError, NotSentError

#: Errors of the connection itself: no byte of a message has passed.
_BEFORE_ANYTHING = (requests.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.SSLError)


def send(messenger: Messenger, secrets: Secrets, address: str, letter: Letter, sender: str) -> None:
    """Send ``letter`` to ``address``; ``sender`` is the name that e-mail comes from.

    Raises:
        AddressRefusedError: this one address is not taken; nothing left.
        NotSentError: nothing left, for a reason that holds for everybody.
        Exception: anything else; it may have left.
    """
    if messenger.kind == "email":
        _send_mail(messenger, secrets, address, letter, sender)
        return
    plugin = _plugin(_ROBOTS[messenger.kind], messenger, secrets, {"phone": address})
    plugin.notify(body=letter.brief, body_format=NotifyFormat.TEXT)


def _send_mail(messenger: Messenger, secrets: Secrets, address: str, letter: Letter, sender: str) -> None:
    # Apprise makes the text part out of the HTML.
    plugin = _plugin(NotifyEmail, messenger, secrets, {"targets": [address]})
    name, own_address = plugin.from_addr
    plugin.from_addr = (name or sender, own_address)
    with _errors_of_apprise() as errors:
        is_sent = plugin.notify(body=letter.html, title=letter.subject, body_format=NotifyFormat.HTML)
    if is_sent:
        return
    for error in errors:
        if _is_after_the_letter(error):
            raise error
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            raise AddressRefusedError(f"邮件服务器不收这个地址（{_said(error)}），请核对登记的邮箱") from None
    raise NotSentError(f"{messenger.name}发不出（{_said(errors[0]) if errors else '原因不明'}）") from None


class _WeCom(NotifyWeComBot):  # type: ignore[misc]
    """A robot that calls one member of its group, and whose errors are told."""

    def __init__(self, phone: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.phone = phone

    def send(self, body: str, title: str = "", **_: Any) -> bool:
        """Post one text."""
        text = {"content": f"{title}\n{body}".strip(), "mentioned_mobile_list": [self.phone]}
        _post(self, self.api_url, {}, {"msgtype": "text", "text": text})
        return True


class _DingTalk(NotifyDingTalk):  # type: ignore[misc]
    """The same at DingTalk, which calls only whose number stands in the text as well."""

    def __init__(self, phone: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.phone = phone

    def send(self, body: str, title: str = "", **_: Any) -> bool:
        """Post one text, signed where the robot has a secret."""
        signature = dict(zip(("timestamp", "sign"), self.get_signature(), strict=True)) if self.secret else {}
        # ``requests`` quotes it once more, and DingTalk expects it quoted once.
        signature = {name: unquote(value) for name, value in signature.items()}
        text = {"content": f"{title}\n{body}\n@{self.phone}".strip()}
        at = {"atMobiles": [self.phone], "isAtAll": False}
        _post(self, self.notify_url.format(token=self.token), signature, {"msgtype": "text", "text": text, "at": at})
        return True


_ROBOTS: Mapping[str, type[NotifyBase]] = {"wecom": _WeCom, "dingtalk": _DingTalk}


def _plugin(kind: type[NotifyBase], messenger: Messenger, secrets: Secrets, arguments: Mapping[str, Any]) -> NotifyBase:
    """Apprise's plugin for the address where it is kept; nothing of that address is ever shown."""
    try:
        url = secrets(messenger.url)
    except DisclosureError as error:
        raise NotSentError(f"{messenger.name}还没有配置：{str(error).rstrip('。')}") from error
    try:
        if url.partition("://")[0] not in _schemas(kind):
            raise TypeError(url)  # noqa: TRY301 - told as every other unfit address is
        with _errors_of_apprise():
            return kind(**{**(kind.parse_url(url) or {}), **arguments})
    except TypeError:
        known = "、".join(f"{schema}://" for schema in _schemas(kind))
        raise NotSentError(f"{messenger.name}的地址写法不对，应以 {known} 开头并写全，请核对") from None


def _schemas(kind: type[NotifyBase]) -> tuple[str, ...]:
    return tuple(schema for schema in (kind.protocol, kind.secure_protocol) if isinstance(schema, str))


def _post(plugin: NotifyBase, url: str, params: Mapping[str, str], payload: Mapping[str, Any]) -> None:
    """Post ``payload`` to a robot and read what it answers."""
    name = plugin.service_name
    try:
        answer = requests.post(
            url,
            params=params,
            json=payload,
            verify=plugin.verify_certificate,
            timeout=plugin.request_timeout,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        if isinstance(error, _BEFORE_ANYTHING) or _is_no_connection(error):
            raise NotSentError(f"{name} 连不上（{type(error).__name__}）") from None
        # Its message holds the robot's key.
        raise ConnectionError(f"{name} 没有答复（{type(error).__name__}）") from None
    try:
        told = answer.json()
    except ValueError:
        told = {}
    if answer.status_code != requests.codes.ok or told.get("errcode") != 0:
        why = f"{told.get('errcode', answer.status_code)} {told.get('errmsg', '')}".strip()
        raise NotSentError(f"{name} 不收（{why}）")


def _is_no_connection(error: requests.RequestException) -> bool:
    """Whether there was nobody to talk to, rather than somebody who fell silent."""
    inner = getattr(error.args[0] if error.args else None, "reason", None)
    return type(inner).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}


def _is_after_the_letter(error: BaseException) -> bool:
    """Whether SMTP failed once the letter itself was on its way, and not by a plain no."""
    steps = {frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)}
    return smtplib.SMTP.data.__code__ in steps and not isinstance(error, smtplib.SMTPResponseException)


@contextmanager
def _errors_of_apprise() -> Iterator[list[BaseException]]:
    """The errors that Apprise caught and logged meanwhile: a log record is made while its error is being handled."""
    found: list[BaseException] = []

    class Listener(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            error = sys.exc_info()[1]
            if error is not None and error not in found:
                found.append(error)

    logger, listener = logging.getLogger("apprise"), Listener()
    was_propagating, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        yield found
    finally:
        logger.removeHandler(listener)
        logger.propagate = was_propagating


def _said(error: BaseException) -> str:
    """What a mail server or the system said, in one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, told = next(iter(error.recipients.values()))
        words = f"{code} {told.decode(errors='replace')}"
    elif isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    else:
        words = f"{type(error).__name__}：{error}"
    return re.sub(r"\s+", " ", words)[:120]
