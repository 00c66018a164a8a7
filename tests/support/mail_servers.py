"""Where reminders arrive in tests: a real SMTP server, and an HTTP server that answers as WeCom's and DingTalk's do."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Mailbox:
    """What an SMTP server took. ``refused`` recipients get 550; ``after_data`` is called with each letter taken."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    answer: str = "250 OK"
    after_data: Callable[[], None] = lambda: None
    falls_silent: bool = False

    @property
    def url(self) -> str:
        """Its address, as it stands in ``REMINDER_EMAIL_URL``."""
        return f"mailto://127.0.0.1:{self.port}?from=tixing@rsj.example.cn"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.letters.append(email.message_from_bytes(content, policy=email.policy.default))
            self.recipients += envelope.rcpt_tos
        self.after_data()
        if self.falls_silent:
            server.transport.abort()  # type: ignore[union-attr]
        return self.answer


@contextmanager
def smtp_server(**controls: Any) -> Iterator[Mailbox]:
    """A real SMTP server on this machine; ``controls`` are aiosmtpd's own, such as ``tls_context``."""
    mailbox = Mailbox(free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **controls)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def tls_of_this_machine(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate of its own making for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    certificate = made.sign(key, hashes.SHA256())
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(own + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


@dataclass
class Robots:
    """What a group's robot was told: path, query and JSON; ``answer`` is status and body, None hangs up."""

    address: str = ""
    told: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    answer: tuple[int, str] | None = (200, '{"errcode":0,"errmsg":"ok"}')


@contextmanager
def robot_server() -> Iterator[Robots]:
    """An HTTP server that takes messages as qyapi.weixin.qq.com and oapi.dingtalk.com do."""
    robots = Robots()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            robots.told.append((asked.path, query, json.loads(self.rfile.read(length))))
            if robots.answer is None:
                return
            status, body = robots.answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    robots.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield robots
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
