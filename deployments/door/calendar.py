"""A person's calendar at an address of their own: calendar programs read it without signing in."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from deployments.door.screens import Form, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.access.calendar_links import find_calendar_owner, make_calendar_link
from disclosure.records.installation import Installation
from disclosure.records.tables import Person
from disclosure.workspace.calendar import write_calendar


def make_calendar_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of calendars."""
    pages = CalendarPages(installation)
    return [
        Route("/account/calendar", with_form(installation, pages.make), methods=["POST"]),
        Route("/calendar/{token}.ics", pages.read, methods=["GET"]),
    ]


class CalendarPages:
    """The calendars of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def make(self, request: Request, _form: Form) -> Response:
        """Make a new address and show it, this once."""
        with self._installation.begin() as work:
            token = make_calendar_link(work, work.session.get_one(Person, current_visitor(request).person_id))
        address = f"{self._installation.settings.server_url}/calendar/{token}.ics"
        return show(self._installation, request, "calendar", address=address)

    def read(self, request: Request) -> Response:
        """Return the calendar that the address leads to.

        Raises:
            HTTPException: when it leads to none.
        """
        with self._installation.read() as work:
            person = find_calendar_owner(work, request.path_params["token"])
            if person is None:
                raise HTTPException(HTTPStatus.NOT_FOUND)
            content = write_calendar(work, person, self._installation.settings.server_url)
        return Response(content, media_type="text/calendar", headers={"Cache-Control": "no-store"})
