"""Running the product on this machine: ``demo``, ``up``, ``doctor``."""

from __future__ import annotations

import shlex
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.text import Text

from deployments.bootstrap import prepare_home, use_server
from deployments.cli.common import read_secret, say_findings
from deployments.cli.screen import console, done, hang, print_pairs, progress, say, working
from deployments.credential import with_new_credential
from disclosure.calendar.periods import CYCLE_KINDS, Period, parse_period
from disclosure.catalog import Catalog, load_catalog
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings

if TYPE_CHECKING:
    from deployments.demo_openness import OpennessShown


def demo(
    *,
    profile: Annotated[str, Parameter(help="地区配置：chuxiong、gaogang-2016、kunming-2017 或一个文件夹")] = "",
    cycle: Annotated[str, Parameter(help="周期：annual、q1、h1、q3、special；不写则用该地区的演示周期")] = "",
    year: Annotated[
        int | None, Parameter(help="演示这一年的全部周期，以及定时发布、紧急签发、专项、更正、撤回、恢复")
    ] = None,
    out: Annotated[Path | None, Parameter(help="结果放在哪里；不写则为 DISCLOSURE_HOME（var/）")] = None,
) -> None:
    """从报表到发布，无人值守走完一个完整周期，或者一整年（演示）。"""
    base = Settings()
    chosen: dict[str, Any] = {
        "home": out or base.home,
        "profile": profile or base.profile,
        "database_url": "",
        # Nobody hands in or supervises during a demonstration.
        "intake_schedule": "",
        "supervise_at": "",
        "server_port": free_port(base.server_port),
        "prefect_port": free_port(base.prefect_port),
    }
    settings = with_new_credential(Settings(**chosen))
    if year is not None and cycle:
        raise DisclosureError("--year 演示一整年，不能同时写 --cycle，请去掉一个。")
    catalog = load_catalog(settings.profile)
    period = _demo_period(catalog, cycle)
    prepare_home(settings.home)
    use_server(settings)
    if year is not None:
        _demo_year(settings, base, year)
        return
    # Spares the other commands Prefect.
    from deployments.demo import run_demo

    console.print(f"演示：{catalog.profile.title} · {period.label}")
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
            **_openness_pairs(result.openness, settings),
            "本次运行": result.run_url,
        }
    )
    _say_how_to_sign_in(settings, base, result.people, result.password)


def _demo_year(settings: Settings, base: Settings, year: int) -> None:
    """Play the year, and say where each thing is seen."""
    # Spares the other commands Prefect.
    from deployments.demo_year import run_year

    console.print(f"演示：{load_catalog(settings.profile).profile.title} · {year}年")
    with progress() as tell:
        result = run_year(settings, year, tell)
    done(f"{year}年的全部周期已走完。")
    print_pairs(
        {
            "网站首页": str(result.site),
            **{scene.told: str(scene.page) for scene in result.scenes},
            **_openness_pairs(result.openness, settings),
        }
    )
    _say_how_to_sign_in(settings, base, result.people, result.password)


def _say_how_to_sign_in(settings: Settings, base: Settings, people: tuple[str, ...], password: str) -> None:
    console.print("想自己看一看，请执行下面的命令，再打开上面的地址登录：", soft_wrap=True)
    console.print(f"  {_command_for(settings, base, 'up')}", soft_wrap=True)
    console.print(
        f"姓名用 {'、'.join(people)} 中的一个，密码都是 {password}，一次性口令由这条命令给出：", soft_wrap=True
    )
    console.print(f"  {_command_for(settings, base, 'people', 'code', people[0])}", soft_wrap=True)


def _openness_pairs(openness: OpennessShown | None, settings: Settings) -> dict[str, str]:
    """Say what of the openness catalogue is shown, and what waits."""
    if openness is None:
        return {}
    index = settings.home / "site" / "openness" / "index.html"
    return {
        f"政务公开（{openness.items} 项有内容，文字是演示）": str(index),
        "政务公开等待审核的变更": settings.run_url(openness.under_way_run),
    }


def _demo_period(catalog: Catalog, cycle: str) -> Period:
    """Return the period to play: the profile's own, or another cycle of its year."""
    profile = catalog.profile
    period = parse_period(profile.demo_period)
    kind = cycle or period.kind
    if kind not in CYCLE_KINDS:
        raise DisclosureError(f"演示周期“{cycle}”不对，应为 {'、'.join(CYCLE_KINDS)} 之一。")
    if kind not in profile.cycles:
        raise DisclosureError(f"“{profile.title}”不作 {kind} 披露，请换一个周期。")
    if kind != "special":
        return replace(period, kind=kind)
    if profile.demo_special is None:
        raise DisclosureError(
            f"{catalog.place_of('profile.yaml')} 没有写 demo_special（专项的名称和指标），演示不了专项披露，请补上。"
        )
    return replace(period, kind=kind, name=profile.demo_special.name)


def up() -> None:
    """启动本机的 Prefect 服务、预览服务和全部部署，哪个意外停止就重新启动哪个；Ctrl-C 停止，日程保持有效。"""
    settings = with_new_credential(Settings())
    use_server(settings)
    # Spares the other commands Typst and XlsxWriter.
    from deployments.local import keep_up, running

    # Said outright: a service manager or a script may have left SIGINT ignored.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _interrupt)
    try:
        with ExitStack() as started:
            with working("正在启动…") as show:
                check = partial(_say_unsound, settings)
                children = started.enter_context(running(settings, _both(show), check))
            done("已就绪，按 Ctrl-C 停止。")
            print_pairs({"打开": settings.server_url, "记录": str(settings.home)})
            console.print("下一步：打开上面的地址登录；要开启一期，在另一个终端运行 disclosure open 2025-annual。")
            keep_up(children, console.print)
    except KeyboardInterrupt:
        console.print("已停止；各周期的日程保持有效，下次启动后继续。")


def _say_unsound(settings: Settings) -> None:
    """Say what is wrong with the records, or refuse to start on them."""
    # Spares the other commands cryptography.
    from disclosure.records.installation import Installation
    from disclosure.records.self_check.inspection import refuse_start

    say_findings(refuse_start(Installation(settings)))


def _both(show: Callable[[str], None]) -> Callable[[str], None]:
    """Print each step of starting, and show it with its seconds."""

    def tell(step: str) -> None:
        console.print(step, soft_wrap=True)
        show(step)

    return tell


def deploy() -> None:
    """按现在的目录和日历，在 Prefect 里登记全部部署和日程；已经一致的不动，多余的移除。"""
    # Spares the other commands cryptography.
    from disclosure.records.installation import open_installation

    installation = open_installation()
    use_server(installation.settings)
    # Spares the other commands Prefect.
    from deployments import local
    from tasks.orchestration.registration import register

    if not local.is_up(installation.settings):
        raise DisclosureError("Prefect 服务没有运行：请在另一个终端运行 disclosure up（它启动时也会登记），再试。")
    for line in register(installation).lines:
        console.print(line, soft_wrap=True)
    done("部署与日程已和目录、日历一致。")


def doctor() -> None:
    """检查运行环境，并说明怎么办。"""
    # Spares the other commands Typst and XlsxWriter.
    from deployments.doctor import check_environment

    settings = Settings()
    marks = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "bold red")}
    with working("正在检查…"):
        checks = check_environment(settings, load_catalog(settings.profile), read_secret=read_secret)
    for check in checks:
        say(*marks[check.status], f"{check.name}：{check.found}")
        if check.advice:
            hang(Text("  →", "dim"), Text(check.advice, "dim"))
    if any(check.status == "fail" for check in checks):
        sys.exit(1)


def _command_for(settings: Settings, told: Settings, *command: str) -> str:
    """Write a command of ours with whatever ``settings`` has that the operator's own, ``told``, has not."""
    differing = {
        "DISCLOSURE_HOME": (settings.home, told.home),
        "DISCLOSURE_PROFILE": (settings.profile, told.profile),
        "DISCLOSURE_SERVER_PORT": (settings.server_port, told.server_port),
        "DISCLOSURE_PREFECT_PORT": (settings.prefect_port, told.prefect_port),
    }
    said = [f"{name}={shlex.quote(str(used))}" for name, (used, usual) in differing.items() if used != usual]
    return " ".join([*said, shlex.quote(sys.argv[0]), *map(shlex.quote, command)])


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
