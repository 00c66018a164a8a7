"""Protects that reminders arrive: once, in Chinese, at the right person's address, whatever a messenger answers.

E-mail goes through a real SMTP server. The addresses of WeCom's and DingTalk's robots are fixed; here they are those of
a server on this machine.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select, update

from disclosure.monitoring.reminders import messengers
from disclosure.monitoring.reminders.outbox import uncertain
from disclosure.monitoring.reminders.sending import Sent, failing, letters_due, send_due
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secret, from_environment
from disclosure.platform.settings import SHANGHAI
from disclosure.records.tables import Cycle, LedgerEntry, SentReminder
from disclosure.review import people
from tests.support import mail_servers
from tests.support.bureau import Bureau, bureau_at

pytestmark = pytest.mark.records

#: A Wednesday, two working days after the centre's date (2017-02-24, a Friday; the legal one is Saturday the 25th).
NOW = dt.datetime(2017, 3, 1, 9, tzinfo=SHANGHAI)
LATER = dt.timedelta(minutes=20)
PHONE = "13900001234"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """The statistician of one centre is overdue, and the supervisor hears of it; the other centre has nobody."""
    home = tmp_path_factory.mktemp("first")
    bureau = bureau_at(home, f"sqlite:///{home / 'records.db'}", enrolled=False)
    bureau.enrol_all({"吴填报": "social_insurance_centre", "周督办": "general_office"})
    with bureau.installation.records.write() as session:
        session.execute(update(Cycle).values(opened_at=NOW - dt.timedelta(days=9)))
    reach(bureau, "吴填报", "email", "wu@rsj.example.cn")
    reach(bureau, "周督办", "email", "zhou@rsj.example.cn")
    return bureau


@pytest.fixture
def late(first: Bureau, tmp_path: Path) -> Bureau:
    return first.copy_to(tmp_path)


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[mail_servers.Mailbox]:
    with mail_servers.smtp_server() as mailbox:
        monkeypatch.setenv("REMINDER_EMAIL_URL", mailbox.url)
        yield mailbox


@pytest.fixture
def robots(monkeypatch: pytest.MonkeyPatch) -> Iterator[mail_servers.Robots]:
    with mail_servers.robot_server() as robots:
        monkeypatch.setattr(messengers, "WECOM_URL", robots.address + "/cgi-bin/webhook/send")
        monkeypatch.setattr(messengers, "DINGTALK_URL", robots.address + "/robot/send")
        monkeypatch.setenv("REMINDER_WECOM_URL", "wecombot://robot-key-1")
        monkeypatch.setenv("REMINDER_DINGTALK_URL", "dingtalk://SECabc@token1")
        yield robots


def reach(bureau: Bureau, name: str, messenger: str, address: str) -> None:
    with bureau.installation.records.write() as session:
        people.set_contact(session, bureau.catalog, name, messenger, address)


def states(bureau: Bureau) -> dict[str, set[tuple[str, int]]]:
    """Name -> states and attempts of the reminders begun for them."""
    found: dict[str, set[tuple[str, int]]] = {}
    with bureau.installation.records.read() as session:
        for row in session.scalars(select(SentReminder)):
            found.setdefault(row.person.name, set()).add((row.state, row.attempts))
    return found


def told(bureau: Bureau) -> list[str]:
    """The messenger events of the ledger."""
    with bureau.installation.records.read() as session:
        chosen = select(LedgerEntry.event).where(LedgerEntry.event.startswith("messenger."))
        return list(session.scalars(chosen.order_by(LedgerEntry.number)))


def failures(bureau: Bureau) -> dict[str, str]:
    with bureau.installation.records.read() as session:
        return {row.messenger: row.failure for row in failing(session, bureau.catalog)}


def test_a_letter_arrives_once_as_text_and_as_html(late: Bureau, mailbox: mail_servers.Mailbox) -> None:
    sent = send_due(late.installation, NOW)
    assert sent.lines == ["提醒：发出 2 封。"]
    assert sorted(mailbox.recipients) == ["wu@rsj.example.cn", "zhou@rsj.example.cn"]
    letter = next(one for one in mailbox.letters if "wu@" in one["To"])
    assert letter["Subject"] == "【社会保险信息披露】2016年度编写报送已逾期 3 个工作日"
    assert late.catalog.profile.publisher in letter["From"]
    text, page = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    for content in (text.get_content(), page.get_content()):
        assert "吴填报，您好" in content
        assert "2016年度-区社保中心-第1轮.xlsx" in content
        assert f"{late.installation.settings.server_url}/board" in content
    assert "<" not in text.get_content()
    # Whoever looks again, this day, finds nothing to send.
    assert send_due(late.installation, NOW + LATER) == Sent()
    assert len(mailbox.letters) == 2
    assert told(late) == []


def test_rest_days_are_quiet_and_the_next_working_day_is_not(late: Bureau, mailbox: mail_servers.Mailbox) -> None:
    saturday = NOW + dt.timedelta(days=3)
    assert send_due(late.installation, saturday) == Sent()
    assert send_due(late.installation, saturday + dt.timedelta(days=2)).delivered.sent == 2
    assert len(mailbox.letters) == 2


def test_who_has_no_address_is_named_and_reached_once_there_is_one(late: Bureau, mailbox: mail_servers.Mailbox) -> None:
    reach(late, "吴填报", "", "")
    sent = send_due(late.installation, NOW)
    assert sent.unreachable == ("吴填报",)
    assert "提醒不到：吴填报" in sent.lines[1]
    assert mailbox.recipients == ["zhou@rsj.example.cn"]
    reach(late, "吴填报", "电子邮件", "wu@rsj.example.cn")
    assert send_due(late.installation, NOW + LATER).delivered.sent == 1
    assert mailbox.recipients == ["zhou@rsj.example.cn", "wu@rsj.example.cn"]


def test_a_server_that_is_down_delays_and_is_reported_until_it_is_back(
    late: Bureau, robots: mail_servers.Robots, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = mail_servers.free_port()
    monkeypatch.setenv("REMINDER_EMAIL_URL", f"mailto://127.0.0.1:{port}?from=tixing@rsj.example.cn")
    reach(late, "周督办", "dingtalk", PHONE)
    sent = send_due(late.installation, NOW)
    assert (sent.delivered.sent, sent.delivered.put_back, sent.is_delayed) == (1, 1, True)
    assert "给吴填报的提醒没有发出：电子邮件发不出（ConnectionRefusedError" in sent.lines[1]
    assert len(robots.told) == 1
    send_due(late.installation, NOW + LATER)
    assert states(late) == {"吴填报": {("waiting", 2)}, "周督办": {("sent", 1)}}
    assert "ConnectionRefusedError" in failures(late)["email"]
    with mail_servers.smtp_server() as mailbox:
        monkeypatch.setenv("REMINDER_EMAIL_URL", mailbox.url)
        assert send_due(late.installation, NOW + 2 * LATER).delivered.sent == 1
        assert mailbox.recipients == ["wu@rsj.example.cn"]
    assert failures(late) == {}
    assert told(late) == ["messenger.failed", "messenger.recovered"]


def test_an_address_that_is_refused_is_not_the_servers_fault(late: Bureau, mailbox: mail_servers.Mailbox) -> None:
    mailbox.refused = {"wu@rsj.example.cn"}
    sent = send_due(late.installation, NOW)
    assert (sent.delivered.sent, sent.delivered.put_back) == (1, 1)
    assert "不收这个地址（550 no such user），请核对登记的邮箱" in sent.lines[1]
    assert failures(late) == {}


def test_a_server_that_wants_tls_and_a_password_is_given_both(
    late: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def knows(*given: Any) -> AuthResult:
        login = given[-1]
        return AuthResult(success=(login.login, login.password) == (b"tixing", b"ok"), handled=False)

    controls = {
        "tls_context": mail_servers.tls_of_this_machine(tmp_path),
        "require_starttls": True,
        "auth_required": True,
    }
    with mail_servers.smtp_server(**controls, authenticator=knows) as mailbox:
        url = f"mailtos://tixing:{{}}@127.0.0.1:{mailbox.port}?mode=starttls&from=tixing@rsj.example.cn"
        # A certificate that nobody vouches for is refused, unless the address says not to look.
        for password, more, words in (("ok", "", "CERTIFICATE_VERIFY_FAILED"), ("no", "&verify=no", "发不出（535 ")):
            monkeypatch.setenv("REMINDER_EMAIL_URL", url.format(password) + more)
            sent = send_due(late.installation, NOW)
            assert sent.delivered.put_back == 2
            assert words in sent.lines[1]
        monkeypatch.setenv("REMINDER_EMAIL_URL", url.format("ok") + "&verify=no")
        assert send_due(late.installation, NOW).delivered.sent == 2
        assert len(mailbox.letters) == 2


def test_a_server_that_speaks_tls_from_the_first_byte_is_understood(
    late: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_servers.smtp_server(ssl_context=mail_servers.tls_of_this_machine(tmp_path)) as mailbox:
        url = f"mailtos://127.0.0.1:{mailbox.port}?mode=ssl&from=tixing@rsj.example.cn&name=王提醒"
        monkeypatch.setenv("REMINDER_EMAIL_URL", url + "&verify=no")
        assert send_due(late.installation, NOW).delivered.sent == 2
        assert {letter["From"] for letter in mailbox.letters} == {"王提醒 <tixing@rsj.example.cn>"}


def test_an_address_no_mail_server_can_take_is_told(late: Bureau, mailbox: mail_servers.Mailbox) -> None:
    reach(late, "吴填报", "email", "吴@rsj.example.cn")
    sent = send_due(late.installation, NOW)
    assert (sent.delivered.sent, sent.delivered.put_back) == (1, 1)
    assert "只能有英文字符" in sent.lines[1]
    assert mailbox.recipients == ["zhou@rsj.example.cn"]


def test_a_no_after_the_letter_is_a_no(late: Bureau, mailbox: mail_servers.Mailbox) -> None:
    mailbox.answer = "451 try again later"
    assert send_due(late.installation, NOW).delivered.put_back == 2
    mailbox.answer = "250 OK"
    assert send_due(late.installation, NOW + LATER).delivered.sent == 2
    assert len(mailbox.letters) == 2


def test_silence_after_the_letter_sends_no_second_one(late: Bureau, mailbox: mail_servers.Mailbox) -> None:
    mailbox.falls_silent = True
    assert send_due(late.installation, NOW).delivered.uncertain == 2
    mailbox.falls_silent = False
    assert send_due(late.installation, NOW + LATER) == Sent()
    assert len(mailbox.letters) == 2
    with late.installation.records.read() as session:
        assert {row.person.name for row in uncertain(session, late.catalog, NOW + LATER)} == {"吴填报", "周督办"}
    assert "SMTPServerDisconnected" in failures(late)["email"]


def test_robots_call_the_person_by_number(late: Bureau, robots: mail_servers.Robots) -> None:
    reach(late, "吴填报", "企业微信", PHONE)
    reach(late, "周督办", "dingtalk", "13800005678")
    assert send_due(late.installation, NOW).delivered.sent == 2
    wecom, dingtalk = sorted(robots.told, key=lambda one: one[0])
    assert wecom[:2] == ("/cgi-bin/webhook/send", {"key": "robot-key-1"})
    assert wecom[2]["text"]["mentioned_mobile_list"] == [PHONE]
    assert "吴填报，您好" in wecom[2]["text"]["content"]
    path, query, payload = dingtalk
    assert (path, query["access_token"]) == ("/robot/send", "token1")
    # As DingTalk checks it: HMAC-SHA256 of time and secret, Base64, quoted once in the address.
    key = hmac.new(b"SECabc", f"{query['timestamp']}\nSECabc".encode(), hashlib.sha256).digest()
    assert query["sign"] == base64.b64encode(key).decode()
    assert payload["at"]["atMobiles"] == ["13800005678"]
    assert payload["text"]["content"].endswith("@13800005678")


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        ((200, '{"errcode":93000,"errmsg":"invalid webhook url"}'), "waiting", "93000 invalid webhook url"),
        ((200, "<html>请先登录</html>"), "waiting", "不收（200"),
        ((503, ""), "waiting", "不收（503"),
        (None, "sending", "没有答复"),
    ],
)
def test_what_a_robot_answers_is_understood(
    late: Bureau, robots: mail_servers.Robots, answer: tuple[int, str] | None, outcome: str, words: str
) -> None:
    reach(late, "吴填报", "wecom", PHONE)
    reach(late, "周督办", "", "")
    robots.answer = answer
    lines = send_due(late.installation, NOW).lines
    assert words in lines[1]
    assert "robot-key-1" not in "".join(lines)
    assert states(late) == {"吴填报": {(outcome, 1)}}
    assert words in failures(late)["wecom"]


@pytest.mark.usefixtures("robots")
def test_a_robot_out_of_reach_was_told_nothing(late: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    reach(late, "吴填报", "dingtalk", PHONE)
    reach(late, "周督办", "", "")
    monkeypatch.setattr(messengers, "DINGTALK_URL", f"http://127.0.0.1:{mail_servers.free_port()}/robot/send")
    assert "钉钉连不上（ConnectError）" in send_due(late.installation, NOW).lines[1]
    assert states(late) == {"吴填报": {("waiting", 1)}}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "环境变量 REMINDER_EMAIL_URL 没有设置"),
        ("https://secret@mail.example", "应以 mailto://、mailtos:// 开头"),
        ("mailto://", "应以 mailto://、mailtos:// 开头"),
        ("mailto://secret@mail.example:port", "应以 mailto://、mailtos:// 开头"),
        ("mailtos://a:secret@mail.example?mode=tls", "应以 mailto://、mailtos:// 开头"),
        ("mailtos://mail.example?from=secret", "应以 mailto://、mailtos:// 开头"),
    ],
)
def test_what_is_not_set_up_is_said_in_words_without_the_secret(
    late: Bureau, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setenv("REMINDER_EMAIL_URL", url)
    sent = send_due(late.installation, NOW)
    assert sent.delivered.put_back == 2
    assert words in sent.lines[1]
    assert "secret" not in sent.lines[1]


def test_killed_once_the_server_has_taken_it_no_second_one_goes_out(
    late: Bureau, mailbox: mail_servers.Mailbox, run_and_die: Callable[[Bureau, str], None]
) -> None:
    """The process dies while the server still has its yes on its tongue."""
    reach(late, "周督办", "", "")
    program = f"""
import datetime as dt, smtplib
from disclosure.monitoring.reminders.sending import send_due
data = smtplib.SMTP.data
smtplib.SMTP.data = lambda *given: (data(*given), die())
send_due(installation, dt.datetime.fromisoformat({NOW.isoformat()!r}))
"""
    run_and_die(late, program)
    assert len(mailbox.letters) == 1
    assert send_due(late.installation, NOW + LATER).delivered.sent == 0
    assert len(mailbox.letters) == 1
    assert states(late) == {"吴填报": {("sending", 1)}}


def test_looking_first_sends_nothing(late: Bureau, mailbox: mail_servers.Mailbox) -> None:
    planned = list(letters_due(late.installation, NOW))
    assert [(letter.recipient.name, contact.address) for letter, contact in planned] == [
        ("吴填报", "wu@rsj.example.cn"),
        ("周督办", "zhou@rsj.example.cn"),
    ]
    assert all(len(letter.brief.encode()) <= 2048 for letter, _ in planned)
    assert mailbox.letters == []
    assert states(late) == {}


def test_an_address_is_kept_out_of_the_ledger_and_must_look_like_one(late: Bureau) -> None:
    with late.installation.records.read() as session:
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "person.contact")).all()
    assert len(entries) == 2
    assert "rsj.example.cn" not in "".join(entry.details for entry in entries)
    for messenger, address, words in (
        ("email", "13900001234", "要登记电子邮箱"),
        ("email", "a@b?to=x@y", "要登记电子邮箱"),
        ("wecom", "wu@rsj.example.cn", "要登记手机号"),
        ("传真", "1", "没有“传真”这种通知方式"),
    ):
        with pytest.raises(DisclosureError, match=words):
            reach(late, "吴填报", messenger, address)
    with pytest.raises(DisclosureError, match="没有设置"):
        from_environment(Secret(env="REMINDER_EMAIL_URL"))
