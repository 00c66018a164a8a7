"""The year's milestones as iCalendar files (RFC 5545), one for each office, for whatever calendar people use.

Each milestone is an all-day event on its planned working day: no time of day, so no time zone can shift it. Its
UID never changes, and the event is the same in every office's file; when its date changes, its SEQUENCE grows, by
which a calendar knows that the event it has moved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from icalendar import Alarm, Calendar, Event

from disclosure.calendar.workdays import shifted
from disclosure.catalog import Catalog, Office
from disclosure.cycle.deadlines import CyclePlan, Deadline, offices_of
from disclosure.platform.clock import format_day
from disclosure.platform.templating import render_text
from disclosure.records.file_store import write_whole

#: When an alarm rings on its day: 09:00, counted back from the event's midnight.
_ALARM_HOUR = dt.timedelta(hours=9)


def write_calendars(
    folder: Path, catalog: Catalog, plans: Sequence[CyclePlan], year: int, now: dt.datetime
) -> list[Path]:
    """Write one file for each office that has a milestone; the files written before tell which dates changed.

    Exporting again without a change writes the same bytes. ``now`` is an aware time.
    """
    written = []
    for office in catalog.offices.values():
        path = folder / f"{year}年社会保险信息披露日历-{office.name}.ics"
        earlier = _events_in(path.read_bytes()) if path.is_file() else {}
        events = [event for own in plans for event in _events_of(catalog, own, office, earlier, now)]
        if events:
            name = f"{year}年社会保险信息披露（{office.name}）"
            write_whole(path, _calendar(catalog, name, events).to_ical())
            written.append(path)
    return written


def personal_calendar(
    catalog: Catalog,
    plans: Sequence[CyclePlan],
    offices: Collection[str],
    waiting: Iterable[Event],
    *,
    name: str,
    now: dt.datetime,
) -> bytes:
    """Return what one person's calendar asks for: the milestones of their offices (ids), and what waits for them."""
    events: dict[str, Event] = {}
    for office in (catalog.offices[one] for one in sorted(offices) if one in catalog.offices):
        for own in plans:
            events.update({str(event["uid"]): event for event in _events_of(catalog, own, office, {}, now)})
    written: bytes = _calendar(catalog, f"社会保险信息披露（{name}）", [*events.values(), *waiting]).to_ical()
    return written


def waiting_event(uid: str, summary: str, due: dt.date, address: str, now: dt.datetime) -> Event:
    """Return the event of something that waits for somebody until the end of ``due``, a Shanghai day."""
    made = Event()
    made.add("uid", uid)
    made.add("summary", summary)
    made.add("dtstart", due)
    made.add("dtend", due + dt.timedelta(days=1))
    made.add("url", address)
    made.add("categories", ["等我办的"])
    made.add("transp", "TRANSPARENT")
    made.add("dtstamp", now.astimezone(dt.UTC).replace(microsecond=0))
    return made


def _calendar(catalog: Catalog, name: str, events: Iterable[Event]) -> Calendar:
    made = Calendar()
    made.add("prodid", "-//shebao-disclosure//disclosure calendar//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    made.add("x-wr-caldesc", catalog.profile.publisher)
    made.add("x-wr-timezone", "Asia/Shanghai")
    for event in events:
        made.add_component(event)
    return made


def _events_of(
    catalog: Catalog, own: CyclePlan, office: Office, earlier: Mapping[str, Event], now: dt.datetime
) -> list[Event]:
    """Return the milestones of one cycle that ``office`` has to do with; who supervises has to do with all."""
    supervises = office.id in catalog.roles["supervisor"].offices
    return [
        _event(catalog, own, deadline, earlier, now)
        for deadline in own.deadlines
        if supervises or office in offices_of(catalog, own, deadline.milestone)
    ]


def _event(
    catalog: Catalog, own: CyclePlan, deadline: Deadline, earlier: Mapping[str, Event], now: dt.datetime
) -> Event:
    made = Event()
    made.add("uid", f"{deadline.period.id}-{deadline.milestone}@{catalog.profile.id}.disclosure")
    made.add("summary", _summary(deadline))
    made.add("dtstart", deadline.planned)
    # The end of an all-day event is the first day that does not belong to it.
    made.add("dtend", deadline.planned + dt.timedelta(days=1))
    made.add("description", _description(catalog, own, deadline))
    made.add("categories", ["社会保险信息披露"])
    made.add("status", "TENTATIVE" if deadline.is_provisional else "CONFIRMED")
    made.add("transp", "TRANSPARENT")
    for days in filter(None, catalog.reminders.ahead):
        made.add_component(_alarm(catalog, deadline, days))
    before = earlier.get(str(made["uid"]))
    sequence, stamp = len(deadline.moves), now
    if before is not None:
        has_changed = _content(before) != _content(made)
        sequence = max(sequence, int(before.get("sequence", 0)) + has_changed)
        stamp = now if has_changed else before.decoded("dtstamp")
    made.add("sequence", sequence)
    made.add("dtstamp", stamp.astimezone(dt.UTC).replace(microsecond=0))
    return made


def _alarm(catalog: Catalog, deadline: Deadline, days: int) -> Alarm:
    """Make a display alarm ``days`` working days before; in a year not known yet Monday to Friday count."""
    rings = shifted(deadline.planned, -days, catalog.holidays).day
    made = Alarm()
    made.add("action", "DISPLAY")
    made.add("description", f"还有{days}个工作日：{_summary(deadline)}")
    made.add("trigger", _ALARM_HOUR - (deadline.planned - rings))
    return made


def _summary(deadline: Deadline) -> str:
    return f"{deadline.period.label}披露：{deadline.name}{'（暂定）' if deadline.is_provisional else ''}"


def _description(catalog: Catalog, own: CyclePlan, deadline: Deadline) -> str:
    return render_text(
        "calendar/event.txt.j2",
        duty=catalog.milestone_facts[deadline.milestone].duty,
        offices=[office.name for office in offices_of(catalog, own, deadline.milestone)],
        is_statutory=deadline.period.kind != "special",
        legal=format_day(deadline.legal),
        planned=format_day(deadline.planned),
        why=deadline.why,
    ).strip()


def _events_in(content: bytes) -> dict[str, Event]:
    """Read what an earlier export said, by UID; a file that is no calendar of ours said nothing."""
    try:
        found = Calendar.from_ical(content).walk("VEVENT")
        return {str(event["uid"]): event for event in found if isinstance(event, Event)}
    except (ValueError, KeyError):
        return {}


def _content(event: Event) -> list[bytes]:
    """Everything a reader of the event sees; not its number and the time it was written."""
    lines = event.to_ical().splitlines()
    return [line for line in lines if not line.startswith((b"SEQUENCE", b"DTSTAMP"))]
