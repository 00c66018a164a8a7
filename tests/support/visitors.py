"""A door on this machine, and people who come through it as their browsers do."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from deployments.door.app import make_door
from deployments.door.guard import cookie_name
from disclosure.access import accounts, sessions
from disclosure.platform.settings import Settings
from disclosure.records.tables import Person
from disclosure.review import people
from disclosure.review.refusals import Refusal
from disclosure.simulation.actors import Actors
from tests.support.servers import free_port

PASSWORD = "correct horse 蓄电池 staple"


class Browser(httpx.Client):
    """What a browser does beside asking: it keeps cookies, says where a request was sent from, and reads forms."""

    def __init__(self, address: str) -> None:
        super().__init__(base_url=address, trust_env=False, timeout=120, headers={"Accept": "text/html"})
        self.address = address

    def submit(self, page: str, action: str = "", **fields: str) -> httpx.Response:
        """Open ``page``, fill its form in, and send it."""
        shown = self.get(page)
        assert shown.is_success, f"{page}: {shown.status_code} {shown.text}"
        token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
        assert token is not None, shown.text
        return self.send_form(action or page, form_token=html.unescape(token[1]), **fields)

    def send_form(self, address: str, **fields: str) -> httpx.Response:
        """Send a form as a page of ours would."""
        return self.post(address, data=fields, headers={"Origin": self.address, "Sec-Fetch-Site": "same-origin"})

    def sign_in(self, name: str, code: str, password: str = PASSWORD, back: str = "/") -> httpx.Response:
        """Sign in by the form."""
        return self.submit("/sign-in", name=name, password=password, code=code, back=back)


@contextmanager
def open_door(settings: Settings, port: int = 0) -> Iterator[str]:
    """A door on a free port of this machine, or on this one, gone at the end; its address."""
    port = port or free_port()
    config = uvicorn.Config(make_door(settings), host="127.0.0.1", port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def let_in(actors: Actors, browser: Browser, name: str) -> Browser:
    """Let a browser be ``name``'s without the form: no code is used up, and no password worked out."""
    with actors.installation.begin() as work:
        person = people.find_person(work.session, name)
        assert isinstance(person, Person), name
        token = sessions.open_session(work, person, "127.0.0.1")
    browser.cookies.set(cookie_name(actors.installation.settings, "session"), token)
    return browser


def give_password(actors: Actors, name: str, password: str = PASSWORD) -> None:
    """Let somebody enrolled sign in by ``password``."""
    with actors.installation.begin() as work:
        person = people.find_person(work.session, name)
        assert isinstance(person, Person)
        assert not isinstance(accounts.set_password(work, person, password), Refusal)


def code_of(actors: Actors, name: str, ahead: int = 0) -> str:
    """Return the code on ``name``'s phone at this moment of the real clock, or so many codes later."""
    return actors._code_of(name, int(time.time()) // people.STEP_SECONDS + ahead)


def text_of(answer: httpx.Response) -> str:
    """Return the words of a page."""
    return html.unescape(re.sub(r"<[^>]+>", "", answer.text))
