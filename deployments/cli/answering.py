"""Answering the form of a suspended run in the terminal, the same form as in Prefect's interface."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rich.markdown import Markdown

from deployments.bootstrap import use_server
from deployments.cli.common import unless_refused
from deployments.cli.screen import console, done
from disclosure.platform.errors import DisclosureError

if TYPE_CHECKING:
    from disclosure.records.installation import Installation
    from tasks.orchestration.runs import OpenForm


def answer_ask(installation: Installation, flow_run_id: str) -> None:
    """Show what the run asks, ask for each field in turn, take the answer and let the run go on.

    Raises:
        DisclosureError: when it does not wait for an answer any more, or the answer is refused.
    """
    use_server(installation.settings)
    # Spares the other commands Prefect.
    from tasks.orchestration import runs
    from tasks.orchestration.resume import answer_run

    form = runs.open_form(UUID(flow_run_id))
    if form is None:
        raise DisclosureError("这次运行现在没有等待答复（可能刚刚有人答复过）。请稍后运行 disclosure status 再看。")
    console.print(Markdown(form.description))
    unless_refused(answer_run(installation, flow_run_id, _fill_in(form), source=f"终端 {getpass.getuser()}"))
    done("答复已记录，流程继续。")


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
