"""People signed in at an office's door, asking for what Prefect's pages ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import BrowserContext

from deployments.door.guard import cookie_name
from disclosure.access import sessions
from disclosure.records.tables import Person
from disclosure.review import people
from tests.support.office import Office

SOURCE = "127.0.0.1"


def session_of(office: Office, name: str) -> str:
    """Sign ``name`` in without the form; the token their browser would hold."""
    with office.installation.begin() as work:
        person = people.find_person(work.session, name)
        assert isinstance(person, Person), name
        return sessions.open_session(work, person, SOURCE)


def sign_browser_in(office: Office, context: BrowserContext, name: str) -> None:
    """Let a browser be ``name``'s from now on."""
    context.clear_cookies()
    cookie = cookie_name(office.settings, "session")
    context.add_cookies(
        [{"name": cookie, "value": session_of(office, name), "url": office.settings.server_url, "sameSite": "Strict"}]
    )


@contextmanager
def signed_in(office: Office, name: str = "") -> Iterator[httpx.Client]:
    """A client that calls Prefect's API through the door as ``name``'s pages do; nobody's without a name."""
    address = office.settings.server_url
    headers = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
    if name:
        headers["Cookie"] = f"{cookie_name(office.settings, 'session')}={session_of(office, name)}"
    with httpx.Client(base_url=f"{address}/prefect/api", headers=headers, trust_env=False, timeout=120) as client:
        yield client


def operator_of(office: Office) -> str:
    """Name the office's operator, enrolled on first use."""
    name = "运维一号"
    if name not in office.secrets:
        office.enrol(name, "general_office", "operator")
    return name


def press_resume(client: httpx.Client, run_id: str, form: dict[str, Any]) -> httpx.Response:
    """Press Submit in the form of a run."""
    return client.post(f"/flow_runs/{run_id}/resume", json={"run_input": form})
