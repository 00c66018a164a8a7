"""Protects signing in by a bureau's own provider: a real one on this machine, and answers that nobody may believe."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from disclosure.platform.settings import Settings
from disclosure.review import people
from disclosure.simulation.actors import Actors
from tests.deployments.door.conftest import COMPILER
from tests.support.servers import free_port
from tests.support.visitors import Browser, open_door

pytestmark = [pytest.mark.records, pytest.mark.slow]

STRANGER = "路人"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """An OpenID Connect provider that knows the compiler and a stranger, by subjects of its own."""
    port = free_port()
    known = [json.dumps({"sub": f"s-{name}", "name": name}) for name in (COMPILER, STRANGER)]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    command += [word for one in known for word in ("--user-claims", one)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        issuer = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 30
        while not _answers(issuer):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        yield issuer
        process.terminate()


def _answers(issuer: str) -> bool:
    try:
        return httpx.get(f"{issuer}/.well-known/openid-configuration", trust_env=False, timeout=120).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def at_door(actors: Actors, provider: str) -> Iterator[Browser]:
    """A browser at a door that has this provider; its address is one people can be sent back to."""
    port = free_port()
    provided = {"openid_issuer": provider, "openid_client_id": "pilu", "openid_client_secret": SecretStr("s")}
    own: Settings = actors.installation.settings.model_copy(update={**provided, "server_port": port})
    with open_door(own, port=port) as address, Browser(address) as browser:
        yield browser


def go_through(browser: Browser, name: str, back: str = "/board") -> httpx.Response:
    """Go to the provider, say who one is, and come back; what the door answers then."""
    sent = browser.get("/openid/start", params={"back": back})
    assert sent.status_code == httpx.codes.SEE_OTHER
    asked = httpx.URL(sent.headers["Location"])
    assert asked.params["code_challenge_method"] == "S256"
    assert len(asked.params["nonce"]) > 20
    with httpx.Client(trust_env=False, timeout=120) as elsewhere:
        returned = elsewhere.post(asked, data={"sub": f"s-{name}"})
    return browser.get(returned.headers["Location"])


def test_the_person_of_that_name_comes_in_and_is_known_by_the_subject_from_then_on(
    at_door: Browser, actors: Actors
) -> None:
    assert "单位统一登录" in at_door.get("/sign-in").text
    entered = go_through(at_door, COMPILER)
    assert (entered.status_code, entered.headers["Location"]) == (httpx.codes.SEE_OTHER, "/board")
    assert COMPILER in at_door.get("/").text
    with actors.installation.records.write() as session:
        person = people.find_person(session, COMPILER)
        assert person is not None
        person.name = "周改名"
    at_door.cookies.clear()
    go_through(at_door, COMPILER)
    assert "周改名" in at_door.get("/").text


def test_whoever_is_not_enrolled_or_disabled_stays_outside(at_door: Browser, actors: Actors) -> None:
    refused = go_through(at_door, STRANGER)
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert "没有登记" in refused.text
    with actors.installation.records.write() as session:
        people.disable(session, COMPILER)
    assert "已停用" in go_through(at_door, COMPILER).text
    assert at_door.get("/").status_code == httpx.codes.SEE_OTHER


def test_an_answer_to_nothing_that_was_asked_here_is_not_believed(at_door: Browser) -> None:
    for query in ("", "?code=x", "?state=x&code=x"):
        assert at_door.get(f"/openid/callback{query}").status_code == httpx.codes.FORBIDDEN
    sent = at_door.get("/openid/start")
    state = httpx.URL(sent.headers["Location"]).params["state"]
    assert at_door.get("/openid/callback", params={"state": state + "x", "code": "x"}).status_code == 403
    assert at_door.get("/openid/callback", params={"state": state, "error": "access_denied"}).status_code == 403
    # A code that the provider did not give to this browser.
    assert at_door.get("/openid/callback", params={"state": state, "code": "x"}).status_code == 502


def test_a_code_of_another_s_flow_is_not_believed(at_door: Browser) -> None:
    """The code somebody else got for themselves, put into this browser: its PKCE verifier and nonce are not ours."""
    with Browser(at_door.address) as thief:
        theirs = thief.get("/openid/start")
        with httpx.Client(trust_env=False, timeout=120) as elsewhere:
            back = elsewhere.post(theirs.headers["Location"], data={"sub": f"s-{COMPILER}"}).headers["Location"]
    ours = httpx.URL(at_door.get("/openid/start").headers["Location"]).params["state"]
    code = httpx.URL(back).params["code"]
    answer = at_door.get("/openid/callback", params={"state": ours, "code": code})
    assert answer.status_code == httpx.codes.BAD_GATEWAY
    assert at_door.get("/").status_code == httpx.codes.SEE_OTHER


def test_a_provider_that_is_away_is_told_in_words(actors: Actors) -> None:
    own = actors.installation.settings.model_copy(
        update={"openid_issuer": f"http://127.0.0.1:{free_port()}", "openid_client_id": "pilu"}
    )
    with open_door(own) as address, Browser(address) as browser:
        answer = browser.get("/openid/start")
        assert answer.status_code == httpx.codes.BAD_GATEWAY
        assert "统一登录现在用不了" in answer.text
