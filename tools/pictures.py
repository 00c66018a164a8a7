"""Make the README's pictures: the form on a waiting run, the finished run, the published page, the report.

Run ``make pictures``. It plays one demonstration cycle in a folder of its own and looks at it with Debian's
Chromium; it needs the test packages.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page, sync_playwright

from deployments.bootstrap import prepare_home, use_server
from deployments.cli.operations.running import free_port
from disclosure.calendar.periods import parse_period
from disclosure.platform.settings import Settings

if TYPE_CHECKING:
    from tasks.orchestration.runs import OpenForm

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    """Play the cycle and take the pictures as it goes."""
    home = Path(tempfile.mkdtemp(prefix="disclosure-pictures-"))
    settings = Settings(home=home, server_port=free_port(4200), prefect_port=free_port(4201))
    prepare_home(home)
    use_server(settings)
    from deployments.demo import run_demo  # noqa: PLC0415 - Prefect, once it is told which server

    chromium = shutil.which("chromium") or sys.exit("需要 chromium：apt-get install chromium fonts-noto-cjk")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="zh-CN", color_scheme="light")

        def look(form: OpenForm) -> None:
            if form.key.endswith("sign-off-1-response"):
                picture_of_form(page, settings.run_url(form.run_id))

        result = run_demo(settings, parse_period("2025-annual"), print, look)
        for name, path in {"page": result.release, "report": result.report_with_errors or result.report}.items():
            page.goto(path.as_uri())
            page.screenshot(path=PICTURES / f"{name}.png")
        browser.close()
    shutil.rmtree(home)


def picture_of_form(page: Page, address: str) -> None:
    """The waiting run, and the form that 答复 opens."""
    page.goto(address)
    page.get_by_role("button", name="答复").first.wait_for()
    with suppress(Exception):
        page.get_by_role("tab", name="Task Runs").click()
        page.wait_for_timeout(1500)
    page.screenshot(path=PICTURES / "run.png")
    page.get_by_role("button", name="答复").first.click()
    page.locator(".schema-form-property").first.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / "form.png")


if __name__ == "__main__":
    main()
