"""Take in what has arrived at the centres' inboxes, databases and CSV files."""

from __future__ import annotations

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact

from data_checks.self_check import findings_of
from disclosure.collection.intake import intake
from disclosure.platform.templating import render_text
from disclosure.records.installation import open_installation
from tasks.orchestration.secrets import read_secret


@task(name="intake 收件")
def take_in_files() -> intake.Intake:
    """Visit every source once; what was taken is shown on the run."""
    found = intake.take_in(open_installation(), read_secret, self_check=findings_of)
    logger = get_run_logger()
    logger.info(found.summary)
    for words in found.misplaced:
        logger.warning(words)
    for words in (*found.postponed, *found.tidied):
        logger.info(words)
    for failure in found.failures:
        logger.error(failure)
    if found != intake.Intake((), (), ()):
        markdown = render_text("collection/intake.md.j2", found=found)
        create_markdown_artifact(key="intake", description="收件结果", markdown=markdown)
    return found


@task(name="waiting 查看等待的周期")
def cycles_to_wake() -> list[int]:
    """Return the cycles whose run waits for files and has something new to see."""
    return intake.cycles_to_wake(open_installation())
