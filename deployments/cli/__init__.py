"""The command line. Each command is a few calls; what it prints is Chinese.

This package is the edge where the product meets Prefect: it points Prefect at our server before anything
imports it. One module a noun; heavy imports happen inside the commands.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence

import httpx
from cyclopts import App
from pydantic import ValidationError

from deployments.cli.chinese import COMMANDS, PARAMETERS, ChineseHelp, explain_mistyped
from deployments.cli.commands import audit, calendar, completion, correction, cycle, files, history, status
from deployments.cli.commands.calendar import deadline_app
from deployments.cli.commands.openness import openness_app
from deployments.cli.commands.people import people_app
from deployments.cli.commands.personal import personal_app
from deployments.cli.commands.requests import request_app
from deployments.cli.operations import archive, channels, looks, rehearse, remind, running, supervision, verify
from deployments.cli.operations.backup import backup_app
from deployments.cli.operations.ledger import ledger_app
from deployments.cli.operations.profile import profile_app
from deployments.cli.operations.verify import keys_app
from deployments.cli.screen import fail, reason, remedy, say
from disclosure.platform.errors import DisclosureError
from disclosure.platform.private_files import close_to_others
from disclosure.platform.settings import Settings

app = App(
    name="disclosure",
    help="社会保险信息披露：报送、检查、审核、发布。",
    help_formatter=ChineseHelp(),
    error_formatter=explain_mistyped,
    group_commands=COMMANDS,
    group_parameters=PARAMETERS,
    group_arguments=PARAMETERS,
    version_flags=["--version"],
)
for command in (
    running.demo,
    running.up,
    cycle.open_,
    cycle.workbook,
    files.check,
    files.submit,
    files.intake,
    history.import_,
    audit.audit,
    status.status,
    status.board,
    cycle.resume,
    cycle.close,
    cycle.reopen,
    channels.channels,
    channels.publish,
    verify.verify,
    archive.archive,
    correction.correct,
    correction.withdraw,
    correction.restore,
    correction.revised,
    looks.looks,
    calendar.calendar,
    remind.remind,
    rehearse.rehearse,
    supervision.supervise,
    running.deploy,
    running.doctor,
    completion.completion,
):
    app.command(command, name=command.__name__.rstrip("_"))
app.command(people_app)
app.command(backup_app)
app.command(profile_app)
app.command(ledger_app)
app.command(keys_app)
app.command(deadline_app)
app.command(openness_app)
app.command(request_app)
app.command(personal_app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the ``disclosure`` command: one sentence instead of a traceback for what people can put right."""
    close_to_others()
    try:
        app(sys.argv[1:] if arguments is None else arguments)
    except DisclosureError as error:
        fail(str(error))
    except ValidationError as error:
        for detail in error.errors():
            say("✗", "bold red", _unfit_setting(str(detail["loc"][0]), detail["type"], detail["input"]))
        sys.exit(1)
    except tomllib.TOMLDecodeError as error:
        fail(f"配置文件 disclosure.toml 写法有误（{error}），请改正后重试。")
    except EOFError:
        fail("没有填完就结束了输入，什么都没有提交。")
    except httpx.HTTPStatusError as error:
        fail(_unfit_answer(error.response.status_code))
    except httpx.TransportError as error:
        fail(f"连不上 Prefect 服务（{error}）。请先在另一个终端运行 disclosure up。")
    except OSError as error:
        fail(f"读写 {error.filename or '文件'} 时出错：{reason(error)}。{remedy(error)}")


def _unfit_setting(name: str, kind: str, given: object) -> str:
    """Return what is wrong with one setting, and what it is for."""
    field = Settings.model_fields.get(name)
    if field is None or kind == "extra_forbidden":
        known = "、".join(Settings.model_fields)
        return f"不认识的设置 {name}（DISCLOSURE_{name.upper()} 或 disclosure.toml 中的一项），应为 {known} 之一。"
    return f"设置 {name}（DISCLOSURE_{name.upper()}）的值 {given!r} 不合要求；它是：{field.description}。"


def _unfit_answer(status_code: int) -> str:
    if status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return "Prefect 服务不认我们的口令：它不是这个 DISCLOSURE_HOME 的 disclosure up 启动的，请核对后重试。"
    return f"Prefect 服务答复了错误 {status_code}，请稍后重试；仍不行时请看 DISCLOSURE_HOME 下 logs 里的记录。"
