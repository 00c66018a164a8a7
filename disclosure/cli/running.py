"""Running the product on this machine: ``demo``, ``up``, ``doctor``."""

from __future__ import annotations

import shlex
import socket
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from disclosure.cli.common import read_secret
from disclosure.cli.screen import console, done, print_pairs, progress, say
from disclosure.errors import DisclosureError
from disclosure.settings import Settings


def demo(
    *,
    profile: Annotated[str, Parameter(help="地区配置：chuxiong、gaogang-2016、kunming-2017 或一个文件夹")] = "",
    cycle: Annotated[str, Parameter(help="周期：annual、q1、h1、q3；不写则用该地区的演示周期")] = "",
    out: Annotated[Path | None, Parameter(help="结果放在哪里；不写则为 DISCLOSURE_HOME（var/）")] = None,
) -> None:
    """从报表到发布，无人值守走完一个完整周期（演示）。"""
    from dataclasses import replace

    from deployments.bootstrap import prepare_home, use_server
    from disclosure.catalog import load_catalog
    from disclosure.periods import CYCLE_KINDS, parse_period

    base = Settings()
    chosen: dict[str, Any] = {
        "home": out or base.home,
        "profile": profile or base.profile,
        "database_url": "",
        # Nobody hands in or supervises during a demonstration.
        "intake_schedule": "",
        "supervise_at": "",
        "server_port": free_port(base.server_port),
        "desk_port": free_port(base.desk_port),
    }
    settings = Settings(**chosen)
    period = parse_period(load_catalog(settings.profile).profile.demo_period)
    if cycle:
        if cycle not in CYCLE_KINDS or cycle == "special":
            raise DisclosureError(f"演示周期“{cycle}”不对，应为 annual、q1、h1、q3 之一。")
        period = replace(period, kind=cycle)
    if period.kind not in load_catalog(settings.profile).profile.cycles:
        raise DisclosureError(
            f"“{load_catalog(settings.profile).profile.title}”不作 {period.kind} 披露，请换一个周期。"
        )
    prepare_home(settings.home)
    use_server(settings)
    from deployments.demo import run_demo

    console.print(f"演示：{load_catalog(settings.profile).profile.title} · {period.label}")
    with progress() as tell:
        result = run_demo(settings, period, tell)
    done(
        f"{period.label}已发布：{result.figure_count} 个数据；"
        f"数据检查：严重问题 {result.critical} 个，须说明的问题 {result.warnings} 个。"
    )
    print_pairs(
        {
            "网站首页": str(result.site),
            "披露页面": str(result.release),
            **(
                {"第1轮（有意留错）的数据质量报告": str(result.report_with_errors)} if result.report_with_errors else {}
            ),
            "数据质量报告": str(result.report),
            "本次运行": result.run_url,
        }
    )
    console.print("想在 Prefect 界面里看这次运行，请执行下面的命令，再打开上面的地址：")
    console.print(f"  {_command_for(settings, base)}", soft_wrap=True)


def up() -> None:
    """启动本机的 Prefect 服务、预览服务和全部部署，哪个意外停止就重新启动哪个；Ctrl-C 停止，日程保持有效。"""
    from deployments.bootstrap import use_server

    settings = Settings()
    use_server(settings)
    import signal

    from deployments.local import keep_up, running

    # Said outright: a service manager or a script may have left SIGINT ignored.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _interrupt)
    try:
        with running(settings, console.print) as children:
            done("已就绪，按 Ctrl-C 停止。")
            print_pairs(
                {
                    "Prefect 界面": settings.server_url,
                    "进度看板": f"{settings.desk_url}/board",
                    "预览与报告": settings.desk_url,
                    "记录": str(settings.home),
                }
            )
            keep_up(children, console.print)
    except KeyboardInterrupt:
        console.print("已停止；各周期的日程保持有效，下次启动后继续。")


def deploy() -> None:
    """按现在的目录和日历，在 Prefect 里登记全部部署和日程；已经一致的不动，多余的移除。"""
    from deployments.bootstrap import use_server
    from disclosure.workplace import open_workplace

    place = open_workplace()
    use_server(place.settings)
    from deployments import local
    from tasks.registration import register

    if not local.is_up(place.settings):
        raise DisclosureError("Prefect 服务没有运行：请在另一个终端运行 disclosure up（它启动时也会登记），再试。")
    for line in register(place).lines:
        console.print(line, soft_wrap=True)
    done("部署与日程已和目录、日历一致。")


def doctor() -> None:
    """检查运行环境，并说明怎么办。"""
    from disclosure.catalog import load_catalog
    from disclosure.doctor import check_environment

    settings = Settings()
    marks = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "bold red")}
    checks = check_environment(settings, load_catalog(settings.profile), read_secret=read_secret)
    for check in checks:
        say(*marks[check.status], f"{check.name}：{check.found}")
        if check.advice:
            console.print(f"  → {check.advice}", style="dim", soft_wrap=True)
    if any(check.status == "fail" for check in checks):
        sys.exit(1)


def _command_for(settings: Settings, told: Settings) -> str:
    """``disclosure up`` with whatever ``settings`` has that the operator's own, ``told``, has not."""
    differing = {
        "DISCLOSURE_HOME": (settings.home, told.home),
        "DISCLOSURE_PROFILE": (settings.profile, told.profile),
        "DISCLOSURE_SERVER_PORT": (settings.server_port, told.server_port),
        "DISCLOSURE_DESK_PORT": (settings.desk_port, told.desk_port),
    }
    said = [f"{name}={shlex.quote(str(used))}" for name, (used, usual) in differing.items() if used != usual]
    return " ".join([*said, shlex.quote(sys.argv[0]), "up"])


def free_port(preferred: int) -> int:
    """``preferred`` when nothing listens there, otherwise any free port: a demonstration disturbs nobody."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DisclosureError("本机没有可用的端口，请关闭一些程序后重试。")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
