"""The command line. Each command is a few calls; what it prints is Chinese.

This module is the edge where the product meets Prefect: it points Prefect at our server before anything
imports it.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import shlex
import socket
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import httpx
from cyclopts import App, Parameter
from pydantic import ValidationError
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import track
from rich.table import Table
from rich.text import Text

from disclosure.errors import DisclosureError
from disclosure.settings import Settings

if TYPE_CHECKING:
    from deployments.runs import OpenForm
    from disclosure.catalog import Milestone
    from disclosure.collection.submissions import Receipt
    from disclosure.review.people import Enrolment
    from disclosure.workplace import Workplace

app = App(name="disclosure", help="社会保险信息披露：报送、检查、审核、发布。", version_flags=["--version"])
people_app = App(name="people", help="登记可以审核的人。")
app.command(people_app)
ledger_app = App(name="ledger", help="只增不改的台账：核对与签名。")
app.command(ledger_app)
#: What people typed is printed as it is: no markup is read in it.
console = Console(highlight=False, markup=False)


def main() -> None:
    """The ``disclosure`` command: one sentence instead of a traceback for what people can put right."""
    try:
        app()
    except DisclosureError as error:
        _fail(str(error))
    except ValidationError as error:
        for detail in error.errors():
            _say("✗", "bold red", _unfit_setting(str(detail["loc"][0]), detail["type"], detail["input"]))
        sys.exit(1)
    except tomllib.TOMLDecodeError as error:
        _fail(f"配置文件 disclosure.toml 写法有误（{error}），请改正后重试。")
    except EOFError:
        _fail("没有填完就结束了输入，什么都没有提交。")
    except httpx.HTTPStatusError as error:
        _fail(_unfit_answer(error.response.status_code))
    except httpx.TransportError as error:
        _fail(f"连不上 Prefect 服务（{error}）。请先在另一个终端运行 disclosure up。")
    except OSError as error:
        _fail(f"读写 {error.filename or '文件'} 时出错：{_reason(error)}。请核对 DISCLOSURE_HOME 或所写的位置。")


def _unfit_setting(name: str, kind: str, given: object) -> str:
    """What is wrong with one setting, and what it is for."""
    field = Settings.model_fields.get(name)
    if field is None or kind == "extra_forbidden":
        known = "、".join(Settings.model_fields)
        return f"不认识的设置 {name}（DISCLOSURE_{name.upper()} 或 disclosure.toml 中的一项），应为 {known} 之一。"
    return f"设置 {name}（DISCLOSURE_{name.upper()}）的值 {given!r} 不合要求；它是：{field.description}。"


def _unfit_answer(status_code: int) -> str:
    if status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return "Prefect 服务不认我们的口令：请把 DISCLOSURE_SERVER_AUTH 设成与运行 disclosure up 时相同。"
    return f"Prefect 服务答复了错误 {status_code}，请稍后重试；仍不行时请看 DISCLOSURE_HOME 下 logs 里的记录。"


def _reason(error: OSError) -> str:
    """Why a file could not be read or written, in Chinese where it is one of the usual reasons."""
    usual = {
        errno.ENOENT: "没有这个文件或文件夹",
        errno.EISDIR: "这是一个文件夹，不是文件",
        errno.ENOTDIR: "这是一个文件，不是文件夹",
        errno.EACCES: "没有权限",
        errno.EPERM: "没有权限",
        errno.ENOSPC: "磁盘已满",
        errno.EROFS: "磁盘是只读的",
    }
    return usual.get(error.errno or 0, str(error.strerror or error))


def _say(mark: str, style: str, text: str) -> None:
    console.print(Text.assemble((mark, style), " ", text), soft_wrap=True)


def _done(text: str) -> None:
    _say("✓", "bold green", text)


def _fail(text: str) -> NoReturn:
    _say("✗", "bold red", text)
    sys.exit(1)


@app.command
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
    with _progress() as progress:
        result = run_demo(settings, period, progress)
    _done(
        f"{period.label}已发布：{result.figure_count} 个数据；"
        f"数据检查：严重问题 {result.critical} 个，须说明的问题 {result.warnings} 个。"
    )
    _print_pairs(
        {
            "网站首页": str(result.site),
            "披露页面": str(result.release),
            "数据质量报告": str(result.report),
            "本次运行": result.run_url,
        }
    )
    console.print("想在 Prefect 界面里看这次运行，请执行下面的命令，再打开上面的地址：")
    console.print(f"  {_command_for(settings, base)}", soft_wrap=True)


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


@app.command
def up() -> None:
    """启动本机的 Prefect 服务、预览服务和全部部署；Ctrl-C 停止，日程保持有效。"""
    from deployments.bootstrap import use_server

    settings = Settings()
    use_server(settings)
    import signal

    from deployments.local import running

    # Said outright: a service manager or a script may have left SIGINT ignored.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _interrupt)
    try:
        with running(settings, console.print) as children:
            _done("已就绪，按 Ctrl-C 停止。")
            _print_pairs(
                {"Prefect 界面": settings.server_url, "预览与报告": settings.desk_url, "记录": str(settings.home)}
            )
            while all(child.process.poll() is None for child in children):
                signal.sigtimedwait((signal.SIGCHLD,), 1.0)
            ended = next(child for child in children if child.process.poll() is not None)
            raise DisclosureError(f"{ended.name} 意外停止，记录见 {ended.log}，最后几行是：\n{ended.last_words()}")
    except KeyboardInterrupt:
        console.print("已停止；各周期的日程保持有效，下次启动后继续。")


@app.command(name="open")
def open_(
    period: Annotated[str, Parameter(help="期间，如 2025-annual、2026-q1、2026-special-工伤专项")],
    *,
    only: Annotated[tuple[str, ...], Parameter(help="专项只报哪些指标，如 work_injury.*")] = (),
    dates: Annotated[
        tuple[str, ...], Parameter(help="专项的节点日期，如 draft=2026-06-05 publish=2026-06-30", consume_multiple=True)
    ] = (),
    run: Annotated[bool, Parameter(help="同时让 Prefect 开始办理")] = True,
) -> None:
    """开启一个周期：建立记录、生成各单位报表，并让 Prefect 开始办理。"""
    from uuid import UUID

    from deployments.bootstrap import use_server
    from disclosure import cycles
    from disclosure.clock import shanghai, utc_now
    from disclosure.periods import parse_period

    place = _workplace()
    wanted = parse_period(period)
    if wanted.year > shanghai(utc_now()).year + 1:
        raise DisclosureError(f"{wanted.label}还早，现在不能开启，请核对年份。")
    with place.records.write() as session:
        is_new = cycles.find_cycle(session, place.catalog, wanted) is None
        cycle = cycles.open_cycle(session, place.catalog, wanted, only=only, milestones=_dates(dates), actor="操作员")
        release = cycles.release_of(session, cycle)
        is_live = release is not None and release.is_live
    if is_live:
        console.print(f"{wanted.label}已经发布，不再办理。")
        return
    _done(f"{wanted.label}已开启。") if is_new else console.print(f"{wanted.label}以前已经开启。")
    _hand_out(place, cycle.id)
    if run:
        use_server(place.settings)
        from deployments import local, runs

        if not local.is_up(place.settings):
            raise DisclosureError(
                "周期已开启，但 Prefect 服务没有运行：请在另一个终端运行 disclosure up，"
                f"再运行 disclosure open {wanted.id}。"
            )
        driver = cycle.driver_run_id
        run_id = driver if driver and runs.is_alive(UUID(driver)) else runs.start_run(wanted, tuple(cycle.only))
        _print_pairs({"本次运行": f"{place.settings.server_url}/runs/flow-run/{run_id}"})


@app.command
def workbook(period: Annotated[str, Parameter(help="期间，如 2025-annual")]) -> None:
    """生成本轮应报送单位的报表（已生成的不覆盖）。"""
    place = _workplace()
    _hand_out(place, _cycle_id(place, period))


@app.command
def submit(*files: Annotated[Path, Parameter(help="填好的报表")]) -> None:
    """报送报表；逐格检查，有误的给出单元格和改法。"""
    from disclosure.collection.submissions import hand_in

    if not files:
        raise DisclosureError("请写明要报送的文件，如 disclosure submit 2025年度-州社保中心-第1轮.xlsx。")
    place = _workplace()
    failed = False
    for file in track(files, "正在检查…", console=console, transient=True, disable=len(files) < 3):
        try:
            receipt = hand_in(place.records, place.settings.files, place.catalog, _read(file), file.name)
        except DisclosureError as error:
            _say("✗", "bold red", f"{file.name}：{error}")
            failed = True
            continue
        _print_receipt(file, receipt)
        failed = failed or not receipt.is_accepted
        if receipt.is_accepted and not receipt.still_missing:
            _wake(place, receipt.cycle_id)
    if failed:
        sys.exit(1)


@app.command(name="import")
def import_(
    file: Annotated[Path, Parameter(help="长表 CSV：region, period, insurance, indicator, unit, value")],
) -> None:
    """导入已公开的往期数据；按目录中的名称和别名对应，对不上的逐行说明，绝不猜测。"""
    from disclosure.collection.imports import record_import

    place = _workplace()
    content = _read(file)
    report, is_repeat = record_import(place.records, place.settings.files, place.catalog, content, file.name)
    if is_repeat:
        console.print("这个文件以前已导入过，没有重复记录。")
    for line in report.summary:
        console.print(line, soft_wrap=True)


@app.command
def status() -> None:
    """各周期办到哪一步，在等谁。"""
    from disclosure.overview import overview

    place = _workplace()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("期间", "轮次", "进度", "在等", "审核", "发布"):
        table.add_column(title, overflow="fold")
    rows = overview(place)
    for row in rows:
        table.add_row(row.period, str(row.round), row.step, row.waiting_for, row.decisions, row.published)
    console.print(table if rows else "还没有开启任何周期。运行 disclosure open 2025-annual 开启一个。")
    for row in rows:
        if row.run_id:
            console.print(
                f"{row.period} 的答复请到 {place.settings.server_url}/runs/flow-run/{row.run_id}", soft_wrap=True
            )


@app.command
def resume(period: Annotated[str, Parameter(help="期间，如 2025-annual")]) -> None:
    """在终端里答复等待中的审核，与 Prefect 界面上的表单相同。"""
    from uuid import UUID

    from deployments.bootstrap import use_server
    from disclosure import cycles
    from disclosure.review import asks

    place = _workplace()
    cycle_id = _cycle_id(place, period)
    with place.records.read() as session:
        ask = asks.open_ask_of(session, cycles.get_cycle(session, cycle_id))
    if ask is None:
        raise DisclosureError(f"{period} 现在没有等待答复的事项。运行 disclosure status 看看进度。")
    use_server(place.settings)
    from deployments import runs

    form = runs.open_form(UUID(ask.flow_run_id))
    if form is None:
        raise DisclosureError("这次运行现在没有等待答复（可能刚刚有人答复过）。请稍后运行 disclosure status 再看。")
    console.print(Markdown(form.description))
    runs.answer_form(form.run_id, _fill_in(form))
    _done("已提交，流程继续。答复是否被接受，请看 disclosure status 或 Prefect 界面。")


@app.command
def doctor() -> None:
    """检查运行环境，并说明怎么办。"""
    from disclosure.catalog import load_catalog
    from disclosure.doctor import check_environment

    settings = Settings()
    marks = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "bold red")}
    checks = check_environment(settings, load_catalog(settings.profile))
    for check in checks:
        _say(*marks[check.status], f"{check.name}：{check.found}")
        if check.advice:
            console.print(f"  → {check.advice}", style="dim", soft_wrap=True)
    if any(check.status == "fail" for check in checks):
        sys.exit(1)


@people_app.command(name="add")
def people_add(
    name: Annotated[str, Parameter(help="姓名")], office: Annotated[str, Parameter(help="科室名称，如 规划财务科")]
) -> None:
    """登记一个人，并给出验证器要扫的二维码（只显示这一次）。"""
    from disclosure.review import people

    place = _workplace()
    with place.records.write() as session:
        made = people.enrol(session, place.catalog, place.cipher, name, office)
    _show_enrolment(made)


@people_app.command(name="re-enrol")
def people_re_enrol(name: Annotated[str, Parameter(help="姓名")]) -> None:
    """换发验证器密钥（手机丢失、被锁定或重新启用时），旧的立即作废。"""
    from disclosure.review import people

    place = _workplace()
    with place.records.write() as session:
        made = people.re_enrol(session, place.catalog, place.cipher, name)
    _show_enrolment(made)


@people_app.command(name="disable")
def people_disable(name: Annotated[str, Parameter(help="姓名")]) -> None:
    """停用一个人；以前作出的结论不受影响。"""
    from disclosure.review import people

    with _workplace().records.write() as session:
        people.disable(session, name)
    _done(f"{name} 已停用。")


@people_app.command(name="substitute")
def people_substitute(
    name: Annotated[str, Parameter(help="代理人姓名")],
    absent: Annotated[str, Parameter(help="被代理人姓名")],
    *,
    first: Annotated[dt.date, Parameter(help="开始日期，如 2026-03-02")],
    last: Annotated[dt.date, Parameter(help="结束日期（含当日）")],
) -> None:
    """登记代理：在两个日期之间，一个人可以代另一个人审核。"""
    from disclosure.review import people

    with _workplace().records.write() as session:
        people.substitute(session, name, absent, first, last)
    _done(f"{first} 至 {last}，{name} 可以代 {absent} 审核。")


def _show_enrolment(made: Enrolment) -> None:
    import segno

    _done(f"已登记 {made.person.name}。请本人用手机验证器（任何支持 TOTP 的应用）扫描：")
    segno.make(made.uri, error="m").terminal(out=sys.stdout, compact=True)
    console.print(made.uri, soft_wrap=True)


@ledger_app.command(name="verify")
def ledger_verify() -> None:
    """核对台账：有无改动、插入、删去、调换或截短。"""
    verdict = _workplace().verify_ledger()
    if verdict.problem:
        raise DisclosureError(verdict.problem)
    _done(f"台账完整：{verdict.entry_count} 条记录，{verdict.checkpoint_count} 个签名检查点全部相符。")


@ledger_app.command(name="checkpoint")
def ledger_checkpoint() -> None:
    """给台账现在的样子签一个检查点（发布时会自动签）。"""
    place = _workplace()
    checkpoint = place.sign_ledger()
    _done(f"已签：第 {checkpoint.length} 条，{checkpoint.head_hash[:16]}…")
    console.print(f"请把 {place.settings.checkpoints_file} 另存到别的机器，以防本机记录被整体改写。", soft_wrap=True)


@people_app.command(name="list")
def people_list() -> None:
    """列出登记过的人。"""
    from sqlalchemy import select

    from disclosure.records.tables import Person

    place = _workplace()
    table = Table("姓名", "科室", "状态", box=None, header_style="bold", pad_edge=False)
    with place.records.read() as session:
        for person in session.scalars(select(Person).order_by(Person.id)):
            state = "在用" if person.is_active else "停用"
            office = place.catalog.offices.get(person.office)
            table.add_row(
                person.name, office.name if office else person.office, state + ("（演示）" if person.is_demo else "")
            )
    console.print(table)


def _dates(given: tuple[str, ...]) -> dict[Milestone, dt.date]:
    """``draft=2026-06-05`` and the like, read."""
    from disclosure.cycles import MILESTONES

    found: dict[Milestone, dt.date] = {}
    for text in given:
        step, _, day = text.partition("=")
        known = next((milestone for milestone in MILESTONES if milestone == step.strip()), None)
        try:
            date = dt.date.fromisoformat(day.strip())
        except ValueError:
            date = None
        if known is None or date is None:
            raise DisclosureError(
                f"看不懂节点日期“{text}”，应写成 publish=2026-06-30，节点为 {'、'.join(MILESTONES)} 之一。"
            )
        found[known] = date
    return found


def _workplace() -> Workplace:
    from disclosure.workplace import open_workplace

    return open_workplace()


def _cycle_id(place: Workplace, period: str) -> int:
    from disclosure import cycles
    from disclosure.periods import parse_period

    with place.records.read() as session:
        cycle = cycles.find_cycle(session, place.catalog, parse_period(period))
        if cycle is None:
            raise DisclosureError(f"{period} 还没有开启。请先运行 disclosure open {period}。")
        return cycle.id


def _hand_out(place: Workplace, cycle_id: int) -> None:
    from disclosure.collection.workbooks import hand_out

    for path in hand_out(place, cycle_id):
        console.print(f"  报表 {path}", soft_wrap=True)


def _wake(place: Workplace, cycle_id: int) -> None:
    """Let a run that waits for the last file go on; the files count even when Prefect cannot be reached."""
    from deployments.bootstrap import use_server

    use_server(place.settings)
    from deployments.waking import wake_waiting_run

    console.print(wake_waiting_run(place, cycle_id), soft_wrap=True)


def _print_receipt(file: Path, receipt: Receipt) -> None:
    where = f"{receipt.centre} {receipt.period_label}第 {receipt.round} 轮"
    if not receipt.is_accepted:
        _say("✗", "bold red", f"{file.name}：{where}没有通过，共 {len(receipt.problems)} 处，原件已留存：")
        for problem in receipt.problems:
            console.print(f"  {problem.sentence}", soft_wrap=True)
        return
    repeat = "（与已交的相同，没有重复记录）" if receipt.is_repeat else ""
    _done(f"{file.name}：{where}已收到 {receipt.figure_count} 个数据{repeat}。")
    if receipt.still_missing:
        console.print(f"  还缺：{'、'.join(receipt.still_missing)}")


def _fill_in(form: OpenForm) -> dict[str, Any]:
    """Ask for each field of the form's JSON schema in turn."""
    answer: dict[str, Any] = {}
    definitions = form.schema.get("definitions") or form.schema.get("$defs") or {}
    for name, field in form.schema["properties"].items():
        shape = definitions.get(str(field.get("$ref", "")).rpartition("/")[2], field)
        label = field.get("title", name)
        if (hint := field.get("description")) and hint != form.description:
            console.print(hint, style="dim")
        if shape.get("type") == "array":
            options = shape["items"].get("enum") or [shape["items"].get("const")]
            console.print("  ".join(f"{place}. {option}" for place, option in enumerate(options, 1)))
            answer[name] = _choose(label, options, several=True)
        elif options := shape.get("enum"):
            console.print("  ".join(f"{place}. {option}" for place, option in enumerate(options, 1)))
            answer[name] = _choose(label, options, several=False)[0]
        else:
            answer[name] = console.input(f"{label}：")
    return answer


def _choose(label: str, options: list[str], *, several: bool) -> list[str]:
    """Ask until what is typed names one of ``options`` (or several), by number or in full."""
    hint = "填序号，可填多个，用空格分开" if several else "填序号"
    while True:
        typed = console.input(f"{label}（{hint}）：").split()
        picked = [options[int(t) - 1] if t.isdigit() and 0 < int(t) <= len(options) else t for t in typed]
        if picked and all(option in options for option in picked) and (several or len(picked) == 1):
            return picked
        console.print(f"请填 1 到 {len(options)} 的序号。")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DisclosureError(f"读不了文件 {file}：{_reason(error)}。请核对文件名和位置。") from error


@contextmanager
def _progress() -> Iterator[Any]:
    """A spinner with the step at hand; each finished step stays as a line."""
    with console.status("正在准备…") as spinner:

        def tell(step: str) -> None:
            console.print(f"· {step}", style="dim")
            spinner.update(step)

        yield tell


def _print_pairs(pairs: dict[str, str]) -> None:
    for name, value in pairs.items():
        console.print(Text.assemble(f"  {name}  ", (value, "bold")), soft_wrap=True)


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


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    main()
