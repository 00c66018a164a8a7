"""Looking the environment over before people depend on it: what was found, and what to do about it.

Nothing is changed by looking, but what others could open is closed. The Prefect server is asked over HTTP, as a
browser would be; whatever it says of itself counts for more than what our settings intend.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import httpx
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from deployments import local
from deployments.backup.latest import look_for_backup
from deployments.credential import with_live_credential
from deployments.operating.growth import LEAST_FREE_BYTES, describe_growth
from disclosure.calendar.workdays import missing_holidays
from disclosure.catalog import Catalog
from disclosure.collection.intake.tidying import returned_files
from disclosure.platform import fonts
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.private_files import make_private
from disclosure.platform.secrets import Secrets, from_environment
from disclosure.platform.settings import Settings
from disclosure.publication.channel_status import channel_statuses
from disclosure.records.database import (
    GO_FORWARD,
    START_ANEW,
    TOO_NEW,
    TOO_OLD,
    create_records_engine,
    migration_state,
)
from disclosure.records.database_errors import explain_database_error
from disclosure.records.installation import Installation
from disclosure.records.self_check.inspection import check_records
from disclosure.records.self_check.lost_records import find_lost_records

Status = Literal["ok", "warn", "fail"]

UI_SWITCH = "PREFECT_SERVER_UI_V2_ENABLED"
TELEMETRY_SWITCH = "PREFECT_SERVER_ANALYTICS_ENABLED"
_ASK_SECONDS = 3.0
_ENOUGH_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``found`` and ``advice`` are Chinese sentences; ``advice`` is empty when all is well."""

    name: str
    status: Status
    found: str
    advice: str = ""


@dataclass(frozen=True)
class _Server:
    """What answered at the server's address, if anything did."""

    state: Literal["absent", "foreign", "refused", "up"]
    version: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def check_environment(
    settings: Settings, catalog: Catalog, today: dt.date | None = None, read_secret: Secrets = from_environment
) -> list[Check]:
    """Look everything over, in the order an operator would put it right. ``today`` is the date in Asia/Shanghai."""
    server = _ask_server(settings)
    database = _database(settings)
    date = today or shanghai(utc_now()).date()
    return [
        _python(),
        *_folders(settings),
        _permissions(settings, catalog),
        *_disks(settings),
        Check("增长", "ok", describe_growth(settings)),
        _backups(settings, catalog),
        _inboxes(settings),
        _own_facts(catalog),
        database,
        *_records(settings, database),
        _exposure(settings),
        _server(settings, server),
        _switched_off("界面版本", UI_SWITCH, settings, _told(server, "ui", "v2_enabled"), "新版界面没有“继续”按钮"),
        _switched_off("遥测", TELEMETRY_SWITCH, settings, _told(server, "analytics_enabled"), "内网不得向外发送数据"),
        _fonts(),
        *_holidays(catalog, date),
        *_channels(settings, catalog, read_secret),
    ]


def _python() -> Check:
    running = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        return Check("Python", "ok", f"版本 {running}。")
    return Check("Python", "fail", f"版本 {running}，未经测试。", "请改用 Python 3.11、3.12 或 3.13。")


def _folders(settings: Settings) -> Iterator[Check]:
    wanted = [settings.home, settings.files, settings.workbooks, settings.reports, settings.releases]
    refused = [folder for folder in [*wanted, settings.prefect_home, settings.logs] if not _is_writable(folder)]
    for folder in refused:
        yield Check(
            "文件夹",
            "fail",
            f"{folder} 不能写入。",
            "请把它（或上一级文件夹）的所有者改为运行本程序的用户，或用 DISCLOSURE_HOME 指定另一个文件夹。",
        )
    if not refused:
        yield Check("文件夹", "ok", f"{settings.home} 及其下各文件夹可以写入。")


def _permissions(settings: Settings, catalog: Catalog) -> Check:
    """Whether others on this machine can open what is not public; what is found is closed at once."""
    try:
        closed = make_private(settings.home, local.shared_folders(settings, catalog))
    except OSError as error:
        advice = "请用 chown 把它的所有者改为运行本程序的用户，再运行一次 disclosure doctor。"
        return Check("权限", "fail", f"{error.filename} 别的用户也能打开，而本用户改不了。", advice)
    if closed:
        return Check(
            "权限", "warn", f"有 {closed} 个文件或文件夹别的用户也能打开，现已改为只有本用户能打开。", "不用再做什么。"
        )
    return Check("权限", "ok", "记录、钥匙、未发布的内容只有本用户能打开。")


def _is_writable(folder: Path) -> bool:
    """Whether a file can be made in ``folder``, or in the nearest folder above it that exists."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return True
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _disks(settings: Settings) -> Iterator[Check]:
    """Whether there is room: in the home, and wherever else we write on another disk."""
    seen = set()
    for folder in (settings.home, settings.backup_folder, settings.checkpoint_copy):
        if folder is not None and (place := _nearest(folder)).stat().st_dev not in seen:
            seen.add(place.stat().st_dev)
            yield _disk(folder, shutil.disk_usage(place).free)


def _disk(folder: Path, free: int) -> Check:
    found = f"{folder} 所在的磁盘还有 {free / 2**30:.1f} GB。"
    if free >= _ENOUGH_BYTES:
        return Check("磁盘", "ok", found)
    status: Status = "warn" if free >= LEAST_FREE_BYTES else "fail"
    return Check("磁盘", status, found, f"请腾出至少 {_ENOUGH_BYTES // 2**30} GB；已报送的文件和记录一件都不要删。")


def _backups(settings: Settings, catalog: Catalog) -> Check:
    """Whether there is something to go back to."""
    state = look_for_backup(settings, catalog.profile.id, utc_now())
    return Check("备份", "warn" if state.advice else "ok", state.found, state.advice)


def _inboxes(settings: Settings) -> Check:
    """Whether what was sent back and lies in the local inboxes is within its bound."""
    bound = f"每个收件夹只留最近 {settings.inbox_keep} 份、{settings.inbox_keep_days} 天以内退回或重复的文件"
    counts = returned_files(settings)
    over = "、".join(f"inbox/{name} {count} 份" for name, count in counts.items() if count > settings.inbox_keep)
    if over:
        advice = (
            "请运行 disclosure intake，较早的会移走（原件按 SHA-256 留存）；仍不减少的，不是本系统放进“退回”的，"
            "或放进以后又改过，请本单位自行取回或删去。"
        )
        return Check("收件夹", "warn", f"退回的文件太多：{over}；{bound}。", advice)
    return Check("收件夹", "ok", f"现有退回的文件 {sum(counts.values())} 份；{bound}。")


def _own_facts(catalog: Catalog) -> Check:
    """Where the bureau writes what holds for it alone."""
    name = "本单位的配置"
    if catalog.is_own:
        return Check(name, "ok", f"放假日、单位、用语写在 {catalog.folder}，改后重新启动 disclosure up。")
    found = f"用的是随软件的 {catalog.profile.id}；要改时先用 disclosure profile own 文件夹 做一个本单位的。"
    return Check(name, "ok", found)


def _database(settings: Settings) -> Check:
    name, url = "记录库", settings.records_url
    check_address = "请核对 DISCLOSURE_DATABASE_URL，例如 postgresql+psycopg://用户:口令@主机/库名。"
    try:
        address = make_url(url)
    except ArgumentError:
        return Check(name, "fail", "地址写法不对，看不出是什么数据库。", check_address)
    shown = address.render_as_string(hide_password=True)
    file = Path(address.database or "")
    if address.get_backend_name() == "sqlite" and not file.exists():
        return Check(name, "ok", f"{shown} 还没有建立，第一次运行时自动建立。")

    try:
        engine = create_records_engine(url)
        try:
            state = migration_state(engine)
        finally:
            engine.dispose()
    except (NoSuchModuleError, ImportError):
        return Check(name, "fail", f"{shown} 用的数据库或驱动这里没有。", check_address)
    except DatabaseError as error:
        found, _, advice = str(explain_database_error(error, url)).partition("。")
        return Check(name, "fail", f"{found}。", advice)
    checks = {
        "empty": Check(name, "ok", f"{shown} 可以连接，还是空的，第一次运行时自动建表。"),
        "too old": Check(name, "fail", f"{shown} {TOO_OLD}", START_ANEW),
        "too new": Check(name, "fail", f"{shown} {TOO_NEW}", GO_FORWARD),
        "behind": Check(
            name,
            "warn",
            f"{shown} 是以前的版本的，下次运行时自动升级，升级后不能退回。",
            "请先用那个版本的程序运行 disclosure backup，并用 disclosure backup verify 核对。",
        ),
        "current": Check(name, "ok", f"{shown} 可以连接，表结构是本版本的。"),
    }
    return checks[state]


def _exposure(settings: Settings) -> Check:
    name = "入口"
    try:
        local.check_exposure(settings)
    except DisclosureError as error:
        return Check(name, "fail", str(error), "请改好上面说的设置，再运行 disclosure up。")
    if settings.is_local:
        return Check(name, "ok", f"只在本机（{settings.server_host}）监听，凭姓名、密码和一次性口令登录。")
    return Check(name, "ok", f"大家打开 {settings.server_url}，凭姓名、密码和一次性口令登录。")


def _records(settings: Settings, database: Check) -> Iterator[Check]:
    """Whether the records are whole, the newest, and as the ledger says; one line where all is well."""
    name = "记录"
    if lost := find_lost_records(settings):
        yield Check(name, "fail", lost.found, lost.restore)
        return
    if database.status != "ok":
        yield Check(name, "warn", "没有核对台账和各行记录。", "请先按上一条处理，再运行一次 disclosure doctor。")
        return
    check = check_records(Installation(settings))
    for finding in check.findings:
        yield Check(name, "fail" if finding.fault.is_stopping else "warn", finding.found, finding.restore)
    if not check.findings:
        told = f"台账 {check.entry_count} 条首尾相接，{check.row_count} 行记录与它相符，钥匙、原件都在。"
        yield Check(name, "ok", "还没有记录。" if check.is_new else told)


def _ask_server(settings: Settings) -> _Server:
    known = with_live_credential(settings).prefect_auth
    user, _, password = known.get_secret_value().partition(":") if known else ("", "", "")
    try:
        # trust_env off: a proxy set for the desktop must not stand between us and our own server.
        with httpx.Client(
            base_url=f"{settings.prefect_url}/api",
            auth=(user, password) if known else None,
            timeout=_ASK_SECONDS,
            trust_env=False,
        ) as client:
            if client.get("/health").text.strip() != "true":
                return _Server("foreign")
            answer = client.get("/admin/version")
            if answer.status_code in {401, 403, 500}:
                return _Server("refused")
            told = client.get("/admin/settings")
            return _Server("up", version=str(answer.json()), settings=told.raise_for_status().json())
    except httpx.TransportError:
        return _Server("absent")
    except (httpx.HTTPStatusError, ValueError):
        return _Server("foreign")


def _server(settings: Settings, server: _Server) -> Check:
    name, address = "流程服务", settings.prefect_url
    if server.state == "absent":
        return Check(name, "warn", f"{address} 未启动。", "需要时运行 disclosure up。")
    if server.state == "foreign":
        return Check(
            name,
            "fail",
            f"{address} 上答话的不是 Prefect。",
            "请停掉占用端口的程序，或用 DISCLOSURE_PREFECT_PORT 换一个。",
        )
    if server.state == "refused":
        return Check(
            name,
            "fail",
            f"{address} 不认我们的口令。",
            "它不是这个 DISCLOSURE_HOME 的 disclosure up 启动的，请停掉它，再运行 disclosure up。",
        )
    installed = version("prefect")
    if server.version != installed:
        return Check(
            name,
            "fail",
            f"{address} 运行的是 Prefect {server.version}，这里安装的是 {installed}。",
            "请用本程序的环境重新启动服务（disclosure up）。",
        )
    return Check(name, "ok", f"{address} 正在运行，Prefect {server.version}。")


def _told(server: _Server, *path: str) -> bool | None:
    """Return a switch as the running server has it; None when no server answered."""
    value: Any = server.settings.get("server")
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, bool) else None


def _switched_off(name: str, variable: str, settings: Settings, running: bool | None, why: str) -> Check:
    """Check a switch of Prefect's that must be off: as the server has it, as it would be started, as inherited."""
    if running:
        return Check(
            name,
            "fail",
            f"正在运行的服务打开了 {variable}：{why}。",
            f"请设 {variable}=false 后重新启动服务。",
        )
    if settings.prefect_environment.get(variable) != "false":
        return Check(name, "fail", f"本程序没有关闭 {variable}：{why}。", "请更新本程序。")
    inherited = os.environ.get(variable, "false")
    if inherited.strip().lower() not in {"false", "0", "no", "off", "f", "n"}:
        return Check(
            name,
            "warn",
            f"环境变量 {variable}={inherited}：{why}。",
            "请从环境变量（或 systemd 单元、容器配置）中删去这一项；不经本程序启动的服务会照它运行。",
        )
    return Check(
        name,
        "ok",
        f"由本程序启动的服务会关闭 {variable}。" if running is None else f"正在运行的服务已关闭 {variable}。",
    )


def _fonts() -> Check:
    name = "字体"
    if missing := [font for font in fonts.FONT_FILES if not (fonts.FONT_FOLDER / font).is_file()]:
        found = f"{fonts.FONT_FOLDER} 里缺少印刷用的中文字体 {'、'.join(missing)}。"
        return Check(name, "fail", found, "请重新取一份完整的程序。")
    return Check(name, "ok", f"印刷用的中文字体 {'、'.join(Path(font).stem for font in fonts.FONT_FILES)} 齐全。")


def _holidays(catalog: Catalog, today: dt.date) -> Iterator[Check]:
    name, place = "放假日历", catalog.holidays.place
    entries = list(catalog.holidays.values())
    statuses: dict[int, Status] = {today.year: "fail", today.year + 1: "warn"}
    for year, status in statuses.items():
        if missing := missing_holidays(year, catalog.holidays):
            yield Check(
                name,
                status,
                f"不知道{year}年的{'、'.join(missing)}，算不出那一年的工作日。",
                f"国务院办公厅的通知（通常在上一年 11 月）公布后，请升级 chinesecalendar，"
                f"或把放假日和调休上班日补进{place}。",
            )
        else:
            yield Check(name, "ok", f"{year}年的全国放假安排已知。")
    if entries and not any(entry.date.year == today.year for entry in entries):
        yield Check(name, "warn", f"没有登记{today.year}年的本地放假日。", f"本地放假安排公布后，请补进{place}。")


def _channels(settings: Settings, catalog: Catalog, read_secret: Secrets) -> Iterator[Check]:
    for seen in channel_statuses(catalog, settings.home, read_secret):
        name = f"渠道“{seen.fact.name}”"
        if seen.trouble:
            advice = "请照提示处理，或在 channels.yaml 里停用它（active: false）；再用 disclosure channels 核对。"
            yield Check(name, "fail", seen.trouble, advice)
        else:
            yield Check(name, "ok", f"可以连通；{seen.live}。")
