"""Protects every request: which hosts are ours, where it was sent from, what each answer carries, no 500."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from http.cookies import SimpleCookie

import httpx
import hypothesis
import pytest
from hypothesis import strategies as st
from pydantic import SecretStr

from deployments.door.guard import safe_back
from disclosure.simulation.actors import Actors
from tests.deployments.door.conftest import COMPILER
from tests.support.visitors import PASSWORD, Browser, open_door

pytestmark = pytest.mark.unit


def test_it_answers_to_its_own_names_only(address: str) -> None:
    """A page whose name was made to mean this machine (DNS rebinding) reads nothing."""
    with Browser(address) as browser:
        for host in ("localhost:4200", "127.0.0.1", "[::1]:4200", "LOCALHOST"):
            assert browser.get("/sign-in", headers={"Host": host}).status_code == httpx.codes.OK
        for host in (
            "rebound.example:4200",
            "",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "evil/localhost",
            "[::1",
        ):
            assert browser.get("/sign-in", headers={"Host": host}).status_code == httpx.codes.BAD_REQUEST
            assert browser.get("/site/", headers={"Host": host}).status_code == httpx.codes.BAD_REQUEST


def test_names_beyond_this_machine_are_those_the_settings_say(actors: Actors) -> None:
    names = {"public_url": "https://pilu.example.cn", "host_names": "pilu, 10.1.2.3"}
    answered = {"pilu.example.cn": 200, "pilu:443": 200, "10.1.2.3": 200, "10.1.2.4": 400, "www.example.cn": 400}
    with open_door(actors.installation.settings.model_copy(update=names)) as address, Browser(address) as browser:
        for host, status in answered.items():
            assert browser.get("/sign-in", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "OWN"}, True),
        ({"Origin": "OWN", "Sec-Fetch-Site": "same-origin"}, True),
        ({}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://elsewhere.example"}, False),
        ({"Origin": "OWN", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "OWN", "Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": "http://elsewhere.example", "Sec-Fetch-Site": "same-origin"}, False),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_must_be_sent_from_a_page_of_ours(
    inside: Browser, method: str, headers: dict[str, str], is_ours: bool
) -> None:
    sent = {name: inside.address if value == "OWN" else value for name, value in headers.items()}
    answer = inside.request(method, "/board", headers=sent)
    assert ("不是从本系统的页面发出的" not in answer.text) == is_ours
    assert (answer.status_code == httpx.codes.FORBIDDEN) != is_ours


def test_a_form_must_come_from_a_page_given_to_this_very_browser(address: str, inside: Browser) -> None:
    with Browser(address) as other:
        shown = other.get("/sign-in").text
        found = re.search(r'name="form_token" value="([^"]+)"', shown)
        assert found is not None
        for token in ("", "x", found[1]):
            answer = inside.send_form("/sign-out", form_token=token)
            assert answer.status_code == httpx.codes.FORBIDDEN
            assert "页面已经过期" in answer.text
    assert inside.get("/").status_code == httpx.codes.OK
    with Browser(address) as nobody:
        fields = {"name": COMPILER, "password": PASSWORD, "code": "000000"}
        assert nobody.send_form("/sign-in", **fields).status_code == httpx.codes.FORBIDDEN


def test_every_answer_is_closed_to_other_pages_and_kept_nowhere(inside: Browser, address: str) -> None:
    with Browser(address) as stranger:
        answers = [inside.get(page) for page in ("/", "/elsewhere", "/account", "/looks", "/board")]
        answers += [stranger.get("/sign-in"), stranger.get("/"), stranger.post("/sign-in")]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers or "uvicorn" in answer.headers["Server"]
    assert "unsafe-inline" not in inside.get("/").headers["Content-Security-Policy"]


def test_cookies_are_closed_to_scripts_other_sites_and_plain_http(actors: Actors) -> None:
    https = actors.installation.settings.model_copy(update={"public_url": "https://pilu.example.cn"})
    with open_door(https) as address:
        own = {"Host": "pilu.example.cn", "Origin": "https://pilu.example.cn"}
        shown = httpx.get(f"{address}/sign-in", headers=own, trust_env=False, timeout=120)
        token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
        assert token is not None
        fields = {"name": COMPILER, "password": PASSWORD, "code": actors.code(COMPILER), "form_token": token[1]}
        own["Cookie"] = shown.headers["Set-Cookie"].partition(";")[0]
        entered = httpx.post(f"{address}/sign-in", data=fields, headers=own, trust_env=False, timeout=120)
    assert entered.status_code == httpx.codes.SEE_OTHER
    assert "max-age" in entered.headers["Strict-Transport-Security"]
    set_cookies = [*shown.headers.get_list("set-cookie"), *entered.headers.get_list("set-cookie")]
    cookies = [morsel for text in set_cookies for morsel in SimpleCookie(text).values()]
    assert {cookie.key for cookie in cookies} == {"__Host-form", "__Host-session", "__Host-device"}
    for cookie in cookies:
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "strict"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


@pytest.mark.parametrize(
    ("address", "goes_to"),
    [
        ("/board", "/board"),
        ("/prefect/runs/flow-run/x?tab=logs", "/prefect/runs/flow-run/x?tab=logs"),
        *((bad, "/") for bad in ("//x.example", "https://x.example", "/\\x.example", "x", "", "/a\\b", "/\n/x")),
    ],
)
def test_one_comes_back_to_this_site_only(address: str, goes_to: str) -> None:
    assert safe_back(address) == goes_to


def test_from_a_link_in_a_letter_a_browser_is_asked_once_more_by_ourselves(address: str) -> None:
    with Browser(address) as browser:
        answer = browser.get("/board?x=1", headers={"Sec-Fetch-Site": "cross-site"})
        assert '<meta http-equiv="refresh" content="0;url=/board?x=1">' in answer.text
        elsewhere = browser.get(f"{address}//evil.example/", headers={"Sec-Fetch-Site": "cross-site"})
        assert 'content="0;url=/"' in elsewhere.text


_text = st.text(max_size=40)
_line = st.text(string.printable, max_size=60).map(lambda text: "".join(text.split("\n")).strip("\r\x0b\x0c\t "))
_methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X"])
_PLACES = """
    / /sign-in /sign-out /invitation/x /account /board /looks /looks?period=2026-q1 /site /site/ /reports/
    /reports/2016-annual/round-1-x.html /preview/0123456789abcdef/ /replies/x /openid/start /openid/callback
    /assets/door.css /health /prefect/ /prefect/api/flow_runs/x/resume
    /openness /openness/01/guide /openness/01/guide/preview/openness/01.html /manage /manage/remind
    /manage/deadline/2026-q1 /channels /people /people/1 /requests /answered/2026-q1
"""
_paths = st.sampled_from(_PLACES.split())
_headers = st.dictionaries(
    st.sampled_from(["Cookie", "Origin", "Sec-Fetch-Site", "Accept", "Range", "If-None-Match", "If-Modified-Since"]),
    st.one_of(_line, st.just("same-origin"), st.sampled_from(["bytes=0-", "bytes=9-1", "text/html"])),
    max_size=3,
)
_cookies = st.dictionaries(
    st.sampled_from([f"disclosure-{name}" for name in ("session", "device", "form", "openid")]),
    st.text(string.ascii_letters + string.digits + "-_=.", max_size=30),
    max_size=2,
)
_forms = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(st.sampled_from(["name", "password", "code", "again", "old", "back"]), _text, max_size=5),
)
_queries = st.dictionaries(st.sampled_from(["back", "period", "state", "code", "left", "x"]), _text, max_size=3)


@dataclass(frozen=True)
class Sent:
    """One request, however odd."""

    method: str
    path: str
    more: str
    query: dict[str, str]
    headers: dict[str, str]
    cookies: dict[str, str]
    form: bytes | dict[str, str]
    is_from_us: bool


@pytest.mark.slow
@pytest.mark.parametrize("is_inside", [False, True])
def test_nothing_that_is_sent_is_a_fault_of_ours(address: str, actors: Actors, is_inside: bool) -> None:
    """Requests at random over every address, method, header and body: refused or answered, never a 500."""
    with Browser(address) as browser:
        if is_inside:
            browser.sign_in(COMPILER, actors.code(COMPILER))
        page = "/account" if is_inside else "/sign-in"
        token = re.search(r'name="form_token" value="([^"]+)"', browser.get(page).text)
        assert token is not None
        kept = dict(browser.cookies)

        @hypothesis.settings(max_examples=150, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(
            st.builds(Sent, _methods, _paths, st.text(max_size=15), _queries, _headers, _cookies, _forms, st.booleans())
        )
        def send(sent: Sent) -> None:
            headers = dict(sent.headers)
            if sent.is_from_us:
                headers |= {"Sec-Fetch-Site": "same-origin"}
            cookies = kept | sent.cookies
            headers.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))
            form = sent.form
            body = {"content": form} if isinstance(form, bytes) else {"data": {**form, "form_token": token[1]}}
            try:
                answer = httpx.request(
                    sent.method,
                    address + sent.path + sent.more,
                    params=sent.query or None,
                    headers=headers,
                    trust_env=False,
                    timeout=120,
                    **body,  # type: ignore[arg-type]
                )
            except (httpx.InvalidURL, UnicodeError, httpx.LocalProtocolError, httpx.RemoteProtocolError):
                return
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                # Prefect is not up here, and its pages say so.
                assert answer.url.path.startswith("/prefect"), sent
                assert "流程服务" in answer.text, sent
            else:
                assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, sent

        send()


def test_a_secret_is_not_shown_by_a_page(actors: Actors) -> None:
    own = actors.installation.settings.model_copy(update={"prefect_auth": SecretStr("disclosure:verborgen")})
    with open_door(own) as address, Browser(address) as browser:
        assert "verborgen" not in browser.get("/sign-in").text
