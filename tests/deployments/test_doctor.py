"""Protects the look over the environment: each thing that breaks an installation is found, with what to do about it.

What a running Prefect server says of itself is tested with a real one in ``tests/deployments/test_doctor_server.py``.
"""

from __future__ import annotations

import datetime as dt
import functools
import http.server
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from deployments.doctor import TELEMETRY_SWITCH, UI_SWITCH, Check, check_environment
from disclosure.catalog import PROFILES, Catalog, load_catalog
from disclosure.catalog.own_profile import make_own_profile
from disclosure.platform.fonts import FONT_FILES
from disclosure.platform.settings import Settings
from disclosure.records.database import create_records_engine, migrate

pytestmark = pytest.mark.unit

TODAY = dt.date(2025, 11, 20)
CATALOG = load_catalog("chuxiong")


@pytest.fixture
def port_nobody_listens_on() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def someone_elses_port(tmp_path: Path) -> Iterator[int]:
    """A web server that is not Prefect's: it lists an empty folder."""
    (tmp_path / "pages").mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "pages"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def settings_with(tmp_path: Path, port_nobody_listens_on: int) -> Any:
    def make(**values: Any) -> Settings:
        return Settings(**{"home": tmp_path / "home", "prefect_port": port_nobody_listens_on, **values})

    return make


def look(settings: Settings, name: str, catalog: Catalog = CATALOG, today: dt.date = TODAY) -> Check:
    """The worst finding called ``name``."""
    order = ["ok", "warn", "fail"]
    found = [check for check in check_environment(settings, catalog, today) if check.name == name]
    return max(found, key=lambda check: order.index(check.status))


def test_a_fresh_installation_only_lacks_a_running_server(settings_with: Any) -> None:
    troubles = [check for check in check_environment(settings_with(), CATALOG, TODAY) if check.status != "ok"]
    assert [(check.name, check.status) for check in troubles] == [("备份", "warn"), ("流程服务", "warn")]
    assert "disclosure backup key" in troubles[0].advice
    assert "disclosure up" in troubles[1].advice


def test_a_backup_that_is_missing_or_old_is_told(settings_with: Any, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    settings = settings_with(backup_recipients="age1qqqq", backup_folder=folder)
    assert "不在" in look(settings, "备份").found
    folder.mkdir()
    assert "还没有备份" in look(settings, "备份").found
    file = folder / "disclosure-chuxiong-20251120T000000Z.tar.gz.age"
    file.touch()
    assert look(settings, "备份").status == "ok"
    settings.home.mkdir()
    assert "同一个磁盘" in look(settings, "备份").advice
    os.utime(file, (0, 0))
    assert "每天" in look(settings, "备份").advice


def test_looking_changes_nothing(settings_with: Any, tmp_path: Path) -> None:
    check_environment(settings_with(), CATALOG, TODAY)
    assert list(tmp_path.iterdir()) == []


def test_whatever_is_not_well_says_what_to_do(settings_with: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(UI_SWITCH, "true")
    settings = settings_with(server_host="10.1.2.3", database_url="postgresql+psycopg://a:secret@127.0.0.1:1/b")
    checks = check_environment(settings, CATALOG, dt.date(2027, 1, 4))
    assert {check.name for check in checks if check.status != "ok"} >= {"记录库", "入口", "界面版本", "放假日历"}
    assert [check for check in checks if bool(check.advice) == (check.status == "ok")] == []
    assert not any("secret" in check.found + check.advice for check in checks)


def test_another_program_on_the_port_is_told_from_prefect(settings_with: Any, someone_elses_port: int) -> None:
    check = look(settings_with(prefect_port=someone_elses_port), "流程服务")
    assert check.status == "fail"
    assert "DISCLOSURE_PREFECT_PORT" in check.advice


@pytest.mark.parametrize("switch", [UI_SWITCH, TELEMETRY_SWITCH])
@pytest.mark.parametrize(("value", "status"), [("true", "warn"), ("1", "warn"), ("false", "ok"), ("0", "ok")])
def test_an_inherited_switch_is_seen(
    settings_with: Any, monkeypatch: pytest.MonkeyPatch, switch: str, value: str, status: str
) -> None:
    monkeypatch.setenv(switch, value)
    check = look(settings_with(), "界面版本" if switch == UI_SWITCH else "遥测")
    assert check.status == status
    assert switch in check.found


@pytest.mark.parametrize(
    ("host", "public_url", "status"),
    [
        ("127.0.0.1", "", "ok"),
        ("localhost", "", "ok"),
        ("10.1.2.3", "", "fail"),
        ("10.1.2.3", "http://pilu.example.cn", "fail"),
        ("10.1.2.3", "https://pilu.example.cn", "ok"),
    ],
)
def test_beyond_this_machine_only_encrypted(settings_with: Any, host: str, public_url: str, status: str) -> None:
    assert look(settings_with(server_host=host, public_url=public_url), "入口").status == status


def test_a_home_that_cannot_be_written_is_named(settings_with: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    check = look(settings_with(home=tmp_path / "taken"), "文件夹")
    assert check.status == "fail"
    assert str(tmp_path / "taken") in check.found


def test_records_of_this_version_and_of_others(settings_with: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with()
    settings.home.mkdir()
    assert "自动建立" in look(settings, "记录库").found
    engine = create_records_engine(settings.records_url)
    migrate(settings.records_url, engine)
    assert look(settings, "记录库").status == "ok"

    with monkeypatch.context() as later:
        # As the next version, whose newest migration is another, sees what this one has made.
        later.setattr("disclosure.records.database.HEAD", "0201")
        check = look(settings, "记录库")
        assert check.status == "warn"
        assert "自动升级" in check.found
        assert "disclosure backup" in check.advice
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0201'"))
    engine.dispose()
    check = look(settings, "记录库")
    assert check.status == "fail"
    assert "更新的版本" in check.found
    assert "disclosure backup restore" in check.advice


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "oracle://user:pass@127.0.0.1/x",
        "cobol+cards://127.0.0.1/x",
        "postgresql+psycopg://user:pass@127.0.0.1:1/x",
    ],
)
def test_a_database_that_cannot_be_used(settings_with: Any, url: str) -> None:
    check = look(settings_with(database_url=url), "记录库")
    assert check.status == "fail"
    assert "DISCLOSURE_DATABASE_URL" in check.advice
    assert ":pass@" not in check.found


def test_a_missing_print_font_is_named(settings_with: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert look(settings_with(), "字体").status == "ok"
    (tmp_path / FONT_FILES[0]).touch()
    monkeypatch.setattr("disclosure.platform.fonts.FONT_FOLDER", tmp_path)
    check = look(settings_with(), "字体")
    assert check.status == "fail"
    assert FONT_FILES[1] in check.found
    assert FONT_FILES[0] not in check.found


@pytest.mark.parametrize(
    ("today", "status", "said"),
    [
        (dt.date(2025, 11, 20), "ok", "2025年"),  # 2026 is known, and so are this year's local days
        (dt.date(2026, 11, 22), "warn", "2027年"),  # next year is not yet
        (dt.date(2027, 1, 4), "fail", "2027年"),  # this year is not
    ],
)
def test_the_holiday_calendar_is_asked_for_this_year_and_the_next(
    settings_with: Any, today: dt.date, status: str, said: str
) -> None:
    check = look(settings_with(), "放假日历", today=today)
    assert check.status == status
    assert said in check.found
    assert ("holidays.yaml" in check.advice) == (status != "ok")


def test_local_facts_go_into_the_bureaus_own_folder_never_into_the_program(settings_with: Any, tmp_path: Path) -> None:
    unknown = dt.date(2027, 11, 20)
    shipped = " ".join(check.found + check.advice for check in check_environment(settings_with(), CATALOG, unknown))
    assert str(PROFILES) not in shipped
    assert "disclosure profile own" in look(settings_with(), "放假日历", today=unknown).advice
    make_own_profile(tmp_path / "own", "chuxiong")
    own = load_catalog(tmp_path / "own")
    assert str(tmp_path / "own") in look(settings_with(), "本单位的配置", own).found
    assert str(tmp_path / "own" / "holidays.yaml") in look(settings_with(), "放假日历", own, unknown).advice


def test_local_days_not_entered_for_this_year_are_missed(settings_with: Any) -> None:
    checks = check_environment(settings_with(), CATALOG, dt.date(2026, 3, 2))
    assert any(check.status == "warn" and "2026年的本地放假日" in check.found for check in checks)


def test_an_inbox_with_too_many_returned_files_is_told(settings_with: Any) -> None:
    settings = settings_with(inbox_keep=10)
    returned = settings.inbox / "medical_centre" / "退回"
    returned.mkdir(parents=True)
    for number in range(10):
        (returned / f"{number}.xlsx").touch()
        (returned / f"{number}.xlsx.回执.txt").touch()
    (returned / "更早的已移走.txt").touch()
    assert look(settings, "收件夹").status == "ok"
    assert "10 份" in look(settings, "收件夹").found
    (returned / "more.xlsx").touch()
    check = look(settings, "收件夹")
    assert check.status == "warn"
    assert "inbox/medical_centre 11 份" in check.found
    assert "disclosure intake" in check.advice
