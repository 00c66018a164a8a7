"""Protects what an office and its supervisor read in the terminal about the openness catalogue."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployments.cli import app
from disclosure.platform.errors import DisclosureError
from tests.support.openness_staff import Keepers, keepers_at

pytestmark = pytest.mark.records


@pytest.fixture
def keepers(tmp_path: Path, sqlite_url: str) -> Iterator[Keepers]:
    with keepers_at(tmp_path, sqlite_url, "2025-07-01") as made:
        yield made


@pytest.fixture
def run(keepers: Keepers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """``disclosure …`` in this process; what it says, blanks and line breaks apart."""
    for name, value in keepers.bureau.installation.settings.own_environment.items():
        monkeypatch.setenv(name, value)
    with socket.socket() as probe:  # a port where nothing listens
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DISCLOSURE_PREFECT_PORT", str(probe.getsockname()[1]))

    def call(*arguments: str, typed: str = "") -> str:
        monkeypatch.setattr("builtins.input", lambda *_: typed)
        refused = ""
        try:
            app(list(arguments))
        except DisclosureError as error:
            refused = str(error)
        except SystemExit as ended:
            assert not ended.code  # noqa: PT017 - the command's own end
        return "".join((capsys.readouterr().out + refused).split())

    return call


def test_an_office_drafts_hands_in_and_sees_its_clock(
    keepers: Keepers, run: Callable[..., str], tmp_path: Path
) -> None:
    assert "没有在办事项" in run("openness", "status")
    assert "没有变更" in run("openness", "report")
    assert "样稿" in run("openness", "draft", "48", "制卡网点", "--to", str(tmp_path / "drafts"))
    draft = tmp_path / "drafts" / "48-places.yaml"
    assert "已经存在" in run("openness", "draft", "48", "places", "--to", str(tmp_path / "drafts"))
    command = ("openness", "changed", "48", "places", str(draft), "--by", "吴社保", "--what", "首次公开")
    assert "示例" in run(*command)
    draft.write_text("rows:\n- {name: 州社保中心窗口, address: 楚雄市开发区}\n", encoding="utf-8")
    assert "口令不对" in run(*command, typed=keepers.bureau.wrong_code("吴社保"))
    told = run(*command, typed=keepers.code("吴社保"))
    assert "应在2025年8月1日（星期五）前公开" in told
    assert "下次启动" in told  # no Prefect server runs here
    assert "完全相同" in run(*command)

    keepers.at("2025-08-04")
    told = run("openness", "status")
    assert "2025-08-01，已逾期1个工作日" in told
    assert "局办公室" in told
    told = run("openness", "report", "--from", "2025-07-01", "--to", "2025-08-04")
    assert "逾期未公开：48社会保障卡申领：制卡网点（首次公开），时限2025年8月1日（星期五），已逾期1个工作日" in told
    assert "不合理" in run("openness", "report", "--to", "2025-08-05")
    assert "没有等待答复" in run("openness", "resume", "1")
    change = keepers.owed()[0].change_id
    keepers.enter_review(change)
    keepers.approve(change)
    assert "公开1件" in run("openness", "watch")
    assert "楚雄市开发区" in keepers.page("48")
    assert "全部按时的事项0/1" in run("openness", "report")


def test_requests_are_registered_extended_answered_and_listed(run: Callable[..., str]) -> None:
    assert "还没有登记" in run("request", "list")
    assert "应在2025年8月1日（星期五）前答复" in run("request", "add", "2025-001", "--by", "吴社保", "--item", "7")
    assert "没有登记" in run("request", "add", "2025-002", "--by", "路人")
    assert "前答复" in run("request", "extend", "2025-001", "--by", "吴社保", "--notice", "延期告知书1号")
    assert "已延长）还有40个工作日" in run("request", "list")
    assert "应为予以公开" in run("request", "answer", "2025-001", "--by", "吴社保", "--outcome", "好")
    assert "在期限内" in run("request", "answer", "2025-001", "--by", "吴社保", "--outcome", "予以公开")
    assert "2025-07-01予以公开" in run("request", "list")
