"""``disclosure remind``: send the reminders that are due, or look at them first."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from deployments.cli.common import open_installation, read_secret
from deployments.cli.screen import console, done, say
from disclosure.platform.clock import utc_now


def remind(
    *, dry_run: Annotated[bool, Parameter(help="只列出现在该发的提醒，不发，也不记录", negative=())] = False
) -> None:
    """发出现在该发的提醒（发过的不会再发）；平时由定时运行自动发。"""
    # Spares the other commands python-docx and XlsxWriter.
    from disclosure.monitoring.reminders.sending import letters_due, load_due_reminders, send_due

    installation, now = open_installation(), utc_now()
    if not dry_run:
        sent = send_due(installation, now, read_secret)
        summary, *rest = sent.lines
        done(summary) if not rest else say("!", "yellow", summary)
        for line in rest:
            say("✗", "bold red", line)
        if sent.delivered.failures:
            sys.exit(1)
        return
    count = 0
    for letter, contact in letters_due(installation, now):
        count += 1
        console.rule(f"给 {letter.recipient.name}，由{contact.messenger.name}送到 {contact.address}", align="left")
        console.print(letter.subject, style="bold", soft_wrap=True)
        console.print(letter.text, soft_wrap=True)
    console.print(f"现在该发 {count} 封，一封都没有发出。" if count else "现在没有要发的提醒。")
    if unreachable := load_due_reminders(installation, now).unreachable:
        say("!", "yellow", f"没有登记联系方式，提醒不到：{'、'.join(unreachable)}。")
