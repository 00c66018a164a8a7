"""Protects the manual: every button and page it names is on the screen, every command exists, every link leads on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deployments.cli import app
from disclosure.platform.settings import Settings
from disclosure.platform.templating import TEMPLATES
from disclosure.workspace.manual import FIRST, MANUAL, find_chapter, list_chapters, words_on_screen
from tests.support.visitors import Browser, open_door

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path.stem for path in MANUAL.glob("*.md"))
#: Whoever works with it: DESIGN's table.
PEOPLE = {"centre", "section", "reviewer", "leader", "compiler", "supervisor", "operator"}
_SHOWN = re.compile(r">([^<>]+)<|\"([^\"\n]*)\"")


def shown() -> str:
    """All text that templates put between tags, and all that the pages' own code says."""
    files = [*TEMPLATES.rglob("*.j2")]
    files += [*(ROOT / "deployments" / "door").rglob("*.py"), *(ROOT / "disclosure" / "workspace").rglob("*.py")]
    found = []
    for file in files:
        # The manual's own code shows the manual, and would prove anything by it.
        if file.name != "manual.py":
            text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "<>", file.read_text(encoding="utf-8"))
            found += [one for match in _SHOWN.findall(text) for one in match]
    return "\n".join(found)


def unknown_words(command: str) -> list[str]:
    """What of a command there is not."""
    _, _, ignored = app.parse_commands(command.split()[1:])
    return list(ignored)


def test_there_is_a_chapter_for_everybody() -> None:
    assert set(CHAPTERS) == PEOPLE | {FIRST}
    assert {chapter.name for chapter in list_chapters()} == set(CHAPTERS)
    assert list_chapters()[0].name == FIRST


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_it_says_stands_on_the_screen_stands_there(name: str) -> None:
    on_screen, text = shown(), (MANUAL / f"{name}.md").read_text(encoding="utf-8")
    assert [word for word in words_on_screen(text) if word not in on_screen] == []


def test_a_button_that_is_gone_is_missed() -> None:
    assert "去答复" in shown()
    assert "去答复了" not in shown()


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_command_it_names_exists(name: str) -> None:
    text = (MANUAL / f"{name}.md").read_text(encoding="utf-8")
    commands = re.findall(r"`(disclosure [^`]+)`", text)
    assert {command: unknown_words(command) for command in commands if unknown_words(command)} == {}


def test_a_command_that_is_gone_is_missed() -> None:
    assert unknown_words("disclosure backup verify") == []
    assert unknown_words("disclosure backups") == ["backups"]
    assert unknown_words("disclosure backup nothing") == ["nothing"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_its_links_lead_to_chapters_and_files(name: str) -> None:
    chapter = find_chapter(name)
    assert chapter is not None
    for link in re.findall(r'href="([^"]+)"', chapter.html):
        assert link == "/manual" or find_chapter(link.removeprefix("/manual/")), link
    for file in re.findall(r"`((?:docs|deployments)/[^`]+)`", (MANUAL / f"{name}.md").read_text(encoding="utf-8")):
        assert (ROOT / file).exists(), file


def test_short_enough_to_be_read_before_the_work() -> None:
    lengths = {name: len((MANUAL / f"{name}.md").read_text(encoding="utf-8")) for name in CHAPTERS}
    assert {name: length for name, length in lengths.items() if length > 2500} == {}


@pytest.mark.slow
def test_the_workspace_shows_it_to_whoever_cannot_sign_in(tmp_path: Path) -> None:
    with open_door(Settings(home=tmp_path, profile="gaogang-2016")) as address, Browser(address) as browser:
        assert 'href="/manual"' in browser.get("/sign-in").text
        first = browser.get("/manual")
        assert first.status_code == 200
        for path in sorted(set(re.findall(r'href="(/manual/[a-z]+)"', first.text))):
            page = browser.get(path)
            assert page.status_code == 200
            assert '<article class="panel manual">' in page.text
            assert "【" not in page.text
        assert browser.get("/manual/nothing").status_code == 404
        assert browser.get("/manual/..%2fsecret").status_code == 404
