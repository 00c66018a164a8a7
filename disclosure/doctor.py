"""Looking the environment over before people depend on it: what was found, and what to do about it.

Nothing is changed by looking. The Prefect server is asked over HTTP, as a browser would be; whatever it says of
itself counts for more than what our settings intend.
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
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

import httpx
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from disclosure.catalog import Catalog
from disclosure.clock import shanghai, utc_now
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets, from_environment
from disclosure.settings import Settings
from disclosure.workdays import missing_holidays

Status = Literal["ok", "warn", "fail"]

PRINT_FONTS = ("NotoSansCJKsc-Regular.otf", "NotoSerifCJKsc-Regular.otf")
UI_SWITCH = "PREFECT_SERVER_UI_V2_ENABLED"
TELEMETRY_SWITCH = "PREFECT_SERVER_ANALYTICS_ENABLED"
_ASK_SECONDS = 3.0
_ENOUGH_BYTES = 2 * 2**30
_TOO_FEW_BYTES = 200 * 2**20


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
    date = today or shanghai(utc_now()).date()
    return [
        _python(),
        *_folders(settings),
        _disk(settings),
        _database(settings),
        _auth(settings),
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


def _is_writable(folder: Path) -> bool:
    """Whether a file can be made in ``folder``, or in the nearest folder above it that exists."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return True
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(_nearest(settings.home)).free
    found = f"{settings.home} 所在的磁盘还有 {free / 2**30:.1f} GB。"
    if free >= _ENOUGH_BYTES:
        return Check("磁盘", "ok", found)
    status: Status = "warn" if free >= _TOO_FEW_BYTES else "fail"
    return Check("磁盘", status, found, f"请腾出至少 {_ENOUGH_BYTES // 2**30} GB；已报送的文件和记录一件都不要删。")


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

    # Alembic takes a while to import and few commands look at the environment.
    from disclosure.records.database import create_records_engine, migration_state

    try:
        engine = create_records_engine(url)
        try:
            state = migration_state(engine)
        finally:
            engine.dispose()
    except (NoSuchModuleError, ImportError):
        return Check(name, "fail", f"{shown} 用的数据库或驱动这里没有。", check_address)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return Check(name, "fail", f"连不上 {shown}：{reason}。", f"请确认数据库已启动、用户有权限；{check_address}")
    if state == "behind":
        return Check(name, "warn", f"{shown} 的表结构不是本版本的。", "请先备份；下次运行时自动升级。")
    found = "可以连接，表结构是本版本的。" if state == "current" else "可以连接，还是空的，第一次运行时自动建表。"
    return Check(name, "ok", f"{shown} {found}")


def _auth(settings: Settings) -> Check:
    name = "服务口令"
    inherited = os.environ.get("PREFECT_SERVER_API_AUTH_STRING", "")
    if settings.server_auth is None and not inherited:
        if _is_this_machine(settings.server_host):
            return Check(name, "ok", f"没有设置；服务只在本机（{settings.server_host}）监听，外面连不进来。")
        return Check(
            name,
            "fail",
            f"没有设置，而服务在 {settings.server_host} 监听，同网的任何人都能操作流程。",
            "请设置 DISCLOSURE_SERVER_AUTH=用户名:口令（只用英文字母、数字和符号）。",
        )
    auth = settings.server_auth.get_secret_value() if settings.server_auth else inherited
    user, colon, password = auth.partition(":")
    if not auth.isascii():
        found = "含有中文或其他非 ASCII 字符，服务看似正常，却会拒绝每一个请求。"
    elif not (user and colon and password):
        found = "写法不对。"
    else:
        return Check(name, "ok", f"已设置，用户名为 {user}。")
    return Check(name, "fail", found, "请把 DISCLOSURE_SERVER_AUTH 改为“用户名:口令”，只用英文字母、数字和符号。")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ask_server(settings: Settings) -> _Server:
    auth = settings.server_auth.get_secret_value() if settings.server_auth else ""
    user, _, password = auth.partition(":")
    can_be_sent = bool(auth) and auth.isascii()
    try:
        # trust_env off: a proxy set for the desktop must not stand between us and our own server.
        with httpx.Client(
            base_url=f"{settings.server_url}/api",
            auth=(user, password) if can_be_sent else None,
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
    name, address = "流程服务", settings.server_url
    if server.state == "absent":
        return Check(name, "warn", f"{address} 未启动。", "需要时运行 disclosure up。")
    if server.state == "foreign":
        return Check(
            name,
            "fail",
            f"{address} 上答话的不是 Prefect。",
            "请停掉占用端口的程序，或用 DISCLOSURE_SERVER_PORT 换一个。",
        )
    if server.state == "refused":
        return Check(
            name,
            "fail",
            f"{address} 不认我们的口令。",
            "请把 DISCLOSURE_SERVER_AUTH 改成服务启动时用的口令。",
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
    """A switch as the running server has it; None when no server answered."""
    value: Any = server.settings.get("server")
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, bool) else None


def _switched_off(name: str, variable: str, settings: Settings, running: bool | None, why: str) -> Check:
    """A switch of Prefect's that must be off: as the running server has it, as it would be started, as inherited."""
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
    name, advice = "字体", "请按 requirements.lock 重新安装 mplfonts。"
    try:
        from disclosure.rendering.fonts import FONT_FOLDER
    except DisclosureError as error:
        return Check(name, "fail", str(error), advice)
    missing = [font for font in PRINT_FONTS if not (FONT_FOLDER / font).is_file()]
    if missing:
        return Check(name, "fail", f"{FONT_FOLDER} 里缺少印刷用的中文字体 {'、'.join(missing)}。", advice)
    return Check(name, "ok", f"印刷用的中文字体 {'、'.join(Path(font).stem for font in PRINT_FONTS)} 齐全。")


def _holidays(catalog: Catalog, today: dt.date) -> Iterator[Check]:
    name, file = "放假日历", catalog.holidays.file
    entries = list(catalog.holidays.values())
    statuses: dict[int, Status] = {today.year: "fail", today.year + 1: "warn"}
    for year, status in statuses.items():
        if missing := missing_holidays(year, catalog.holidays):
            yield Check(
                name,
                status,
                f"不知道{year}年的{'、'.join(missing)}，算不出那一年的工作日。",
                f"国务院办公厅的通知（通常在上一年 11 月）公布后，请升级 chinesecalendar，"
                f"或把放假日和调休上班日补进 {file}。",
            )
        else:
            yield Check(name, "ok", f"{year}年的全国放假安排已知。")
    if entries and not any(entry.date.year == today.year for entry in entries):
        yield Check(name, "warn", f"{file} 里没有{today.year}年的本地放假日。", f"本地放假安排公布后，请补进 {file}。")


def _channels(settings: Settings, catalog: Catalog, read_secret: Secrets) -> Iterator[Check]:
    # Libraries of the channels are imported by those that use them.
    from disclosure.publication.looking import look_at_channels

    for seen in look_at_channels(catalog, settings.home, read_secret):
        name = f"渠道“{seen.fact.name}”"
        if seen.trouble:
            advice = "请照提示处理，或在 channels.yaml 里停用它（active: false）；再用 disclosure channels 核对。"
            yield Check(name, "fail", seen.trouble, advice)
        else:
            yield Check(name, "ok", f"可以连通；{seen.live}。")
