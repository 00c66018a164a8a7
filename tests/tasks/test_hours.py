"""Protects the leader's form: no hour that has gone by, or is after the legal date, is given as an example."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from disclosure.platform.settings import SHANGHAI
from disclosure.review.forms import read_publication_time, say_hours
from tasks.orchestration.forms import sign_off_form

pytestmark = pytest.mark.unit

NOW = dt.datetime(2026, 11, 10, 15, 30, tzinfo=SHANGHAI)
LAST = dt.datetime(2026, 11, 15, 23, 59, 59, tzinfo=SHANGHAI)


@pytest.mark.parametrize("latest", [None, LAST, NOW + dt.timedelta(hours=2)])
def test_every_hour_that_is_offered_can_be_signed_for(latest: dt.datetime | None) -> None:
    told = say_hours(NOW, latest)
    offered = [read_publication_time(hour) for hour in re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", told)]
    assert offered
    assert all(hour is not None and hour > NOW and (latest is None or hour <= latest) for hour in offered), told
    assert "立即" in told


def test_after_the_legal_date_only_at_once_is_offered() -> None:
    assert say_hours(LAST + dt.timedelta(seconds=1), LAST) == "披露期限已过，只能填“立即”"


def test_the_form_says_so() -> None:
    form = sign_off_form(["局领导审核"], ["社保中心"], "材料", say_hours(NOW, LAST))
    told = form.model_json_schema()["properties"]["publish_at"]["description"]
    assert told == "填“立即”，或如 2026-11-11 09:00（北京时间），最晚 2026-11-15 23:59；退回时填“立即”即可"
