"""Great Expectations' Data Docs for those who know them, from its own results and with no outside reference.

Its page template fetches scripts, style sheets and pictures from eight hosts, and its own loader cannot be told of
another (``custom_views_directory`` comes after the package's templates). So the page's frame is a view class of
ours; everything inside it is drawn by Great Expectations' own renderer and templates. Severity, which it does not
show, is put before each description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup

from data_checks.report.surroundings import words_of_report
from disclosure.platform.templating import TEMPLATES, render_text
from disclosure.records.file_store import write_whole

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

_SUITE_LINK = re.compile(r'<a href="[^"]*/expectations/[^"]*"[^>]*>(.*?)</a>', re.DOTALL)

FOLDER = TEMPLATES / "report" / "data_docs"


@dataclass(frozen=True)
class _Page:
    file: str
    name: str
    evaluated: int
    succeeded: int


def write_data_docs(
    folder: Path, results: Sequence[ExpectationSuiteValidationResult], *, title: str, report: str
) -> Path:
    """Write a page for each of ``results`` and ``index.html`` into ``folder``; the index's path.

    ``title`` stands above each page; ``report`` is the quality report's address as seen from ``folder``.
    """
    words = words_of_report()
    pages = []
    for result in results:
        name = words["data_docs"][result.suite_name]
        page = _Page(
            f"{result.suite_name}.html",
            name,
            int(result.statistics["evaluated_expectations"]),
            int(result.statistics["successful_expectations"]),
        )
        frame = {"title": f"{title} · {name}", "home": words["data_docs"]["home"], "lead": words["data_docs"]["lead"]}
        write_whole(folder / page.file, _render(result, frame, words["severity"]).encode())
        pages.append(page)
    index = render_text(
        "report/data_docs/index.html.j2",
        title=f"{title} · Data Docs",
        report=report,
        pages=pages,
        style=Markup((FOLDER / "data_docs.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
    )
    write_whole(folder / "index.html", index.encode())
    return folder / "index.html"


def _render(result: ExpectationSuiteValidationResult, frame: Mapping[str, str], severities: Mapping[str, str]) -> str:
    told = deepcopy(result)
    for one in told.results:
        configuration = one.expectation_config
        if configuration is not None:
            rule, severity = configuration.meta["rule"], severities[configuration.severity.value]
            configuration.description = f"{rule}【{severity}】{configuration.meta['name']}：{configuration.description}"
        if isinstance(number := one.result.get("observed_value"), Real):
            # Its own rendering of numbers fails on NumPy's, whose repr is more than the number.
            one.result["observed_value"] = number if isinstance(number, int) else float(number)
    renderer, view = _drawing()
    document = renderer.render(told)
    drawn = str(view.render({**document.to_json_dict(), "frame": dict(frame)}))
    # It links the suite's own page, which a site of results alone does not have.
    return _SUITE_LINK.sub(r"\1", drawn)


@cache
def _drawing() -> tuple[Any, Any]:
    """Great Expectations' renderer of results, and its page view with our frame."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer  # noqa: PLC0415 - Great Expectations takes 2 s
    from great_expectations.render.view.view import DefaultJinjaPageView  # noqa: PLC0415 - Great Expectations takes 2 s

    class OfflinePageView(DefaultJinjaPageView):
        """The page view whose frame is ours, and which finds ours before the package's templates."""

        def __init__(self) -> None:
            super().__init__()
            theirs = [self.env.loader] if self.env.loader else []
            self.env.loader = ChoiceLoader([FileSystemLoader(FOLDER), *theirs])

        def _validate_document(self, document: Any) -> None:
            """Let a rendered document pass as JSON, with the words of the frame beside it."""

    return ValidationResultsPageRenderer(), OfflinePageView()
