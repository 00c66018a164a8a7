"""The ways by which a letter reaches a person: e-mail, and the robots of WeCom and DingTalk groups.

The outbox must know whether it is certain that nothing left (``NotSentError``); any other error means that it may have.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import smtplib
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate, make_msgid
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from disclosure.catalog import Messenger
from disclosure.monitoring.reminders.letters import Letter
from disclosure.monitoring.reminders.outbox import AddressRefusedError, NotSentError
from disclosure.platform.errors import DisclosureError
from disclosure.platform.http_errors import NOTHING_LEFT
from disclosure.platform.secrets import Secrets

WECOM_URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
DINGTALK_URL = "https://oapi.dingtalk.com/robot/send"

_SCHEMES = {"email": ("mailto", "mailtos"), "wecom": ("wecombot",), "dingtalk": ("dingtalk",)}
#: Ways to a mail server, and the port of each.
_PORTS = {"insecure": 25, "starttls": 587, "ssl": 465}
_SMTP_SECONDS, _ROBOT_SECONDS = 15.0, 4.0


def send(messenger: Messenger, secrets: Secrets, address: str, letter: Letter, sender: str) -> None:
    """Send ``letter`` to ``address``; ``sender`` is the name that e-mail comes from.

    Raises:
        AddressRefusedError: this one address is not taken; nothing left.
        NotSentError: nothing left, for a reason that holds for everybody.
        Exception: anything else; it may have left.
    """
    account = _read_account(messenger, secrets)
    if messenger.kind == "email":
        _send_mail(messenger, account, _mail(account, address, letter, sender))
    elif messenger.kind == "wecom":
        text = {"content": letter.brief, "mentioned_mobile_list": [address]}
        _tell_robot(messenger, account, WECOM_URL, {"key": account.host}, {"text": text})
    else:
        query = {"access_token": account.host, **_dingtalk_signature(account.user)}
        # It calls only whose number stands in the text as well.
        text = {"content": f"{letter.brief}\n@{address}"}
        at = {"atMobiles": [address], "isAtAll": False}
        _tell_robot(messenger, account, DINGTALK_URL, query, {"text": text, "at": at})


@dataclass(frozen=True)
class _Account:
    """What a messenger's address says: a mail server or, as ``host``, a robot's token, and who speaks to it."""

    user: str
    password: str
    host: str
    port: int
    mode: str
    options: Mapping[str, str]

    @property
    def sender(self) -> str:
        """Where e-mail comes from."""
        return self.options.get("from") or (self.user if "@" in self.user else f"{self.user}@{self.host}")

    @property
    def is_verified(self) -> bool:
        """Whether the other side's certificate is looked at."""
        return self.options.get("verify", "yes").lower() not in {"no", "false", "0"}


def _read_account(messenger: Messenger, secrets: Secrets) -> _Account:
    """Read a messenger's address where it is kept; nothing of that address is ever shown."""
    try:
        url = secrets(messenger.url)
    except DisclosureError as error:
        raise NotSentError(f"{messenger.name}还没有配置：{str(error).rstrip('。')}") from error
    schemes = _SCHEMES[messenger.kind]
    try:
        parts = urlsplit(url)
        login, _, server = parts.netloc.rpartition("@")
        user, _, password = login.partition(":")
        options = dict(parse_qsl(parts.query))
        mode = options.get("mode", "starttls" if parts.scheme == "mailtos" else "insecure")
        # The host as written: a robot's token tells capitals from small letters.
        host = unquote(server.partition(":")[0])
        account = _Account(unquote(user), unquote(password), host, parts.port or _PORTS[mode], mode, options)
        is_fit = parts.scheme in schemes and re.fullmatch(r"[\w.-]+", host)
        if not is_fit or (messenger.kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+", account.sender)):
            raise ValueError(url)  # noqa: TRY301 - told as every other unfit address is
    except (ValueError, KeyError):
        known = "、".join(f"{scheme}://" for scheme in schemes)
        raise NotSentError(f"{messenger.name}的地址写法不对，应以 {known} 开头并写全，请核对") from None
    return account


def _mail(account: _Account, address: str, letter: Letter, sender: str) -> MIMEMultipart:
    # The older classes: those of today put a blank into a Chinese name that takes two lines.
    mail = MIMEMultipart("alternative", _subparts=[MIMEText(letter.text), MIMEText(letter.html, "html")])
    mail["Subject"] = letter.subject
    mail["From"] = formataddr((account.options.get("name") or sender, account.sender))
    mail["To"] = address
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=account.sender.rpartition("@")[2])
    return mail


def _send_mail(messenger: Messenger, account: _Account, mail: MIMEMultipart) -> None:
    is_on_its_way = False
    try:
        with _mail_server(account) as server:
            _expect_yes(*server.mail(account.sender))
            code, told = server.rcpt(str(mail["To"]))
            if code not in {250, 251}:
                refusal = _in_one_line(f"{code} {told.decode(errors='replace')}")
                raise AddressRefusedError(f"邮件服务器不收这个地址（{refusal}），请核对登记的邮箱")
            is_on_its_way = True
            _expect_yes(*server.data(mail.as_string()))
    except smtplib.SMTPResponseException as error:
        told = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        why = _in_one_line(f"{error.smtp_code} {told.decode(errors='replace')}")
        raise NotSentError(f"{messenger.name}发不出（{why}）") from None
    except UnicodeEncodeError:
        raise NotSentError(f"{messenger.name}发不出（邮箱、用户名和口令里只能有英文字符）") from None
    except (OSError, smtplib.SMTPException) as error:
        if is_on_its_way:
            raise
        raise NotSentError(f"{messenger.name}发不出（{_in_one_line(f'{type(error).__name__}：{error}')}）") from None


@contextmanager
def _mail_server(account: _Account) -> Iterator[smtplib.SMTP]:
    """Connect and log in; a goodbye that goes wrong changes nothing."""
    context = ssl.create_default_context()
    if not account.is_verified:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    where = (account.options.get("smtp") or account.host, account.port)
    if account.mode == "ssl":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=_SMTP_SECONDS, context=context)
    else:
        server = smtplib.SMTP(*where, timeout=_SMTP_SECONDS)
    try:
        if account.mode == "starttls":
            server.starttls(context=context)
        if account.user and account.password:
            server.login(account.user, account.password)
        server.ehlo_or_helo_if_needed()
        yield server
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _expect_yes(code: int, told: bytes) -> None:
    if code != 250:
        raise smtplib.SMTPResponseException(code, told)


def _tell_robot(
    messenger: Messenger, account: _Account, url: str, query: Mapping[str, str], payload: Mapping[str, Any]
) -> None:
    """Post a text to a group's robot and read what it answers."""
    try:
        answer = httpx.post(
            url,
            params=query,
            json={"msgtype": "text", **payload},
            timeout=_ROBOT_SECONDS,
            verify=account.is_verified,
        )
    except NOTHING_LEFT as error:
        raise NotSentError(f"{messenger.name}连不上（{type(error).__name__}）") from None
    except httpx.HTTPError as error:
        # Its message may hold the robot's key.
        raise ConnectionError(f"{messenger.name}没有答复（{type(error).__name__}）") from None
    try:
        told = answer.json()
    except ValueError:
        told = {}
    if answer.status_code != httpx.codes.OK or told.get("errcode") != 0:
        why = f"{told.get('errcode', answer.status_code)} {told.get('errmsg', '')}".strip()
        raise NotSentError(f"{messenger.name}不收（{why}）")


def _dingtalk_signature(secret: str) -> dict[str, str]:
    """Return what DingTalk checks where a robot has a secret: a HMAC-SHA256 of the time in milliseconds."""
    if not secret:
        return {}
    timestamp = str(round(time.time() * 1000))
    signature = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(signature).decode()}


def _in_one_line(words: str) -> str:
    return re.sub(r"\s+", " ", words)[:120]
