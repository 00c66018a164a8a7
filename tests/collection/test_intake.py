"""Protects intake: what a centre leaves in its inbox is recorded, answered and only then put away, exactly once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from disclosure.collection.intake import intake
from disclosure.collection.intake.intake import cycles_to_wake, take_in
from disclosure.collection.sources.base import Delivery
from disclosure.collection.sources.inbox import InboxPoll
from disclosure.cycle import queries
from disclosure.platform.clock import utc_now
from disclosure.platform.settings import Settings
from disclosure.records.file_store import file_path
from disclosure.records.installation import Installation
from disclosure.records.tables import Arrival, Excuse, LedgerEntry, Person, RefusedFile, StoredFile, Submission
from disclosure.review import asks

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
PARTICIPANTS = "employee_pension.participants"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two looks; tests that need a while make one themselves."""
    monkeypatch.setenv("DISCLOSURE_INTAKE_SETTLE_SECONDS", "0")


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau]) -> Iterator[Bureau]:
    """On SQLite alone: what is about files is the same with every database."""
    made = new_bureau(enrolled=False)
    yield made
    made.installation.records.engine.dispose()


@pytest.fixture
def bureau_on_each(open_bureau: Callable[..., Bureau]) -> Bureau:
    """On SQLite and on PostgreSQL."""
    return open_bureau(enrolled=False)


def rows(bureau: Bureau, table: type[Any]) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def inbox(bureau: Bureau, centre: str = CENTRE) -> Path:
    folder: Path = bureau.installation.settings.inbox / centre
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def drop(bureau: Bureau, content: bytes, name: str = "报表.xlsx", centre: str = CENTRE, *, at: float = 0) -> Path:
    """As a statistician copies a file into the folder; ``at`` is its time of change, seconds of the epoch."""
    path = inbox(bureau, centre) / name
    path.write_bytes(content)
    if at:
        os.utime(path, (at, at))
    return path


def within(bureau: Bureau, folder: str, centre: str = CENTRE) -> dict[str, bytes]:
    """What lies in a folder of the inbox."""
    return {path.name: path.read_bytes() for path in (inbox(bureau, centre) / folder).iterdir()}


def results(found: intake.Intake) -> list[tuple[str, str]]:
    assert found.failures == ()
    return [(line.file_name, line.result) for line in found.taken]


def test_every_centre_has_an_inbox_of_its_own(bureau: Bureau) -> None:
    found = take_in(bureau.installation)
    assert (found.taken, found.arriving, found.failures) == ((), (), ())
    assert found.summary == "收件：没有新的报表。"
    for centre in bureau.centres:
        assert {path.name for path in inbox(bureau, centre).iterdir()} == {"已收", "退回", "回执"}


def test_a_workbook_is_recorded_answered_and_put_away(bureau_on_each: Bureau) -> None:
    bureau = bureau_on_each
    content = bureau.workbook(CENTRE)
    path = drop(bureau, content, "社保 第1轮.xlsx")
    found = take_in(bureau.installation)
    assert results(found) == [("社保 第1轮.xlsx", "已收")]
    assert "22 个数据，还缺区医保中心" in found.taken[0].words
    assert not path.exists()
    taken = within(bureau, "已收")
    (name,) = [name for name in taken if name.endswith(".xlsx")]
    assert name.endswith("-1号-社保 第1轮.xlsx")
    assert taken[name] == content
    receipt = taken[f"{name}.回执.txt"]
    assert list(within(bureau, "回执").values()) == [receipt]
    # Notepad on an old Windows needs both.
    assert receipt.startswith("\ufeff区社保中心：\r\n".encode())
    text = receipt.decode("utf-8-sig")
    assert "\n" not in text.replace("\r\n", "")
    for words in ("收件号 1", "已收：2016年度第 1 轮，22 个数据", hashlib.sha256(content).hexdigest()):
        assert words in text
    (submission,), (arrival,) = rows(bureau, Submission), rows(bureau, Arrival)
    assert submission.is_accepted
    assert (arrival.source, arrival.submission_id) == (f"inbox.{CENTRE}", submission.id)
    # Nothing is left to do.
    assert take_in(bureau.installation).taken == ()


def test_a_rejected_workbook_comes_back_with_every_cell(bureau: Bureau) -> None:
    drop(bureau, bureau.workbook(CENTRE, filler=""))
    found = take_in(bureau.installation)
    assert results(found) == [("报表.xlsx", "退回")]
    assert "工作表“封面”单元格 C9" in found.taken[0].words
    returned = within(bureau, "退回")
    (receipt,) = [content.decode("utf-8-sig") for name, content in returned.items() if name.endswith(".txt")]
    assert "有 1 处要改正" in receipt
    assert "1. 工作表“封面”单元格 C9" in receipt
    assert "改好以后，把整个文件再放进收件夹" in receipt
    assert len(returned) == 2


def test_what_is_no_workbook_is_kept_and_comes_back_with_the_reason(bureau: Bureau) -> None:
    drop(bureau, b"", "空.xlsx")
    assert results(take_in(bureau.installation)) == [("空.xlsx", "没有收取")]
    (path,) = (inbox(bureau) / "回执").iterdir()
    path.unlink()
    content = b"%PDF-1.7"
    drop(bureau, content, "说明.doc")
    assert results(take_in(bureau.installation)) == [("说明.doc", "没有收取")]
    _, refused = rows(bureau, RefusedFile)
    assert file_path(bureau.installation.settings.files, refused.sha256).read_bytes() == content
    answers = [text.decode("utf-8-sig") for text in within(bureau, "回执").values()]
    assert len(answers) == 1
    assert refused.reason in answers[0]
    assert "文件已留存" in answers[0]
    assert content in within(bureau, "退回").values()


def test_another_centres_workbook_is_sent_to_its_own_inbox(bureau: Bureau) -> None:
    drop(bureau, bureau.workbook(OTHER))
    found = take_in(bureau.installation)
    assert results(found) == [("报表.xlsx", "没有收取")]
    assert "这是“区医保中心”的报表，而这里是“区社保中心”的收件夹" in found.taken[0].words
    assert rows(bureau, Submission) == []


def test_a_file_too_large_to_be_a_workbook_is_kept_unread(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_MOST_BYTES", 1 << 20)
    path = inbox(bureau) / "录像.mp4"
    with path.open("wb") as stream:
        stream.truncate(3 << 20)
    assert results(take_in(bureau.installation)) == [("录像.mp4", "没有收取")]
    (refused,), (kept,) = rows(bureau, RefusedFile), rows(bureau, StoredFile)
    assert "有 3 MB，超过 1 MB，没有读取" in refused.reason
    assert kept.size == 3 << 20
    assert file_path(bureau.installation.settings.files, kept.sha256).stat().st_size == 3 << 20


def test_what_nobody_hands_in_stays_until_it_is_renamed(bureau: Bureau) -> None:
    names = ["~$报表.xlsx", ".报表.xlsx", "报表.xlsx.part", "报表.xlsx.TMP", "报表.xlsx.filepart", "Thumbs.db"]
    paths = [drop(bureau, bureau.workbook(CENTRE), name) for name in names]
    assert take_in(bureau.installation).taken == ()
    assert all(path.exists() for path in paths)
    paths[2].rename(paths[2].with_suffix(""))
    assert results(take_in(bureau.installation)) == [("报表.xlsx", "已收")]


def test_a_link_and_a_folder_are_no_workbooks(bureau: Bureau) -> None:
    drop(bureau, bureau.workbook(CENTRE), "真.xlsx").rename(bureau.installation.settings.home / "真.xlsx")
    (inbox(bureau) / "链接.xlsx").symlink_to(bureau.installation.settings.home / "真.xlsx")
    (inbox(bureau) / "夹.xlsx").mkdir()
    assert take_in(bureau.installation).taken == ()


def test_a_hard_link_to_a_file_of_ours_is_never_stored(bureau: Bureau) -> None:
    secret = bureau.installation.settings.home / "secret.key"
    secret.write_bytes(b"never to be seen")
    os.link(secret, inbox(bureau) / "报表.xlsx")
    found = take_in(bureau.installation)
    assert found.taken == ()
    assert [words.partition("，")[0] for words in found.misplaced] == [
        "区社保中心：“报表.xlsx”是一个硬链接（同一个文件在别处还有名字）"
    ]
    assert_never_stored(bureau, secret)


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_link_that_takes_the_place_of_a_listed_file_is_not_read(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch, link: Callable[[Path, Path], None]
) -> None:
    secret = bureau.installation.settings.home / "secret.key"
    secret.write_bytes(b"never to be seen")
    path, deliveries = drop(bureau, bureau.workbook(CENTRE)), InboxPoll.deliveries

    def exchanged(poll: InboxPoll) -> Iterator[Delivery]:
        for delivery in deliveries(poll):
            path.unlink()
            link(secret, path)
            yield delivery

    monkeypatch.setattr(InboxPoll, "deliveries", exchanged)
    found = take_in(bureau.installation)
    assert (found.taken, found.failures) == ((), ())
    assert_never_stored(bureau, secret)


def assert_never_stored(bureau: Bureau, secret: Path) -> None:
    kept = [file.read_bytes() for file in bureau.installation.settings.files.rglob("*") if file.is_file()]
    assert secret.read_bytes() not in kept


def test_a_file_still_growing_is_left_for_the_next_time(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bureau.workbook(CENTRE)
    path = drop(bureau, content[:1000])

    def while_we_wait(_seconds: float) -> None:
        path.write_bytes(content[: path.stat().st_size + 1000])

    monkeypatch.setattr(time, "sleep", while_we_wait)
    found = take_in(bureau.installation)
    assert found.taken == ()
    assert found.arriving == ("区社保中心：报表.xlsx",)
    assert "还在传输 1 份" in found.summary
    assert rows(bureau, StoredFile) == []
    monkeypatch.setattr(time, "sleep", lambda _: None)
    path.write_bytes(content)
    assert results(take_in(bureau.installation)) == [("报表.xlsx", "已收")]


def test_a_file_replaced_while_it_is_recorded_stays_for_the_next_time(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = bureau.workbook(CENTRE, changed={PARTICIPANTS: "52003"})
    path = drop(bureau, bureau.workbook(CENTRE))
    files = intake.answer_files

    def meanwhile(*given: Any) -> dict[str, bytes]:
        path.write_bytes(newer)
        return files(*given)

    monkeypatch.setattr(intake, "answer_files", meanwhile)
    assert results(take_in(bureau.installation)) == [("报表.xlsx", "已收")]
    assert path.read_bytes() == newer
    monkeypatch.setattr(intake, "answer_files", files)
    assert results(take_in(bureau.installation)) == [("报表.xlsx", "已收")]
    assert not path.exists()
    bureau.hand_in(bureau.workbook(OTHER))
    assert '"52003"' in bureau.compile().content


def test_the_same_file_twice_is_one_submission_and_a_newer_one_replaces_it(bureau: Bureau) -> None:
    old, new = bureau.workbook(CENTRE), bureau.workbook(CENTRE, changed={PARTICIPANTS: "52003"})
    drop(bureau, old, at=1_000_000_000)
    take_in(bureau.installation)
    drop(bureau, old, at=1_000_000_100)
    found = take_in(bureau.installation)
    assert results(found) == [("报表.xlsx", "重复")]
    assert "与以前交来的内容相同" in b"".join(within(bureau, "回执").values()).decode("utf-8")
    assert (len(rows(bureau, Submission)), len(rows(bureau, Arrival))) == (1, 2)
    # Both wait at once: the later one counts, whatever they are called.
    drop(bureau, new, "甲.xlsx", at=1_000_000_300)
    drop(bureau, bureau.workbook(CENTRE, changed={PARTICIPANTS: "1"}), "乙.xlsx", at=1_000_000_200)
    assert results(take_in(bureau.installation)) == [("乙.xlsx", "已收"), ("甲.xlsx", "已收")]
    assert len(rows(bureau, Submission)) == 3
    assert len([name for name in within(bureau, "已收") if name.endswith(".xlsx")]) == 4
    bureau.hand_in(bureau.workbook(OTHER))
    assert '"52003"' in bureau.compile().content


def test_an_interrupted_taking_is_finished_and_answered_as_before(
    bureau_on_each: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded, then cut off; meanwhile a newer file came another way and the round was compiled."""
    bureau = bureau_on_each
    old, new = bureau.workbook(CENTRE), bureau.workbook(CENTRE, changed={PARTICIPANTS: "52003"})
    drop(bureau, old)

    def cut_off(*_: Any) -> dict[str, bytes]:
        raise OSError("no power")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "answer_files", cut_off)
        with pytest.raises(OSError, match="no power"):
            take_in(bureau.installation)
    assert len(rows(bureau, Submission)) == 1
    bureau.hand_in(new)
    bureau.hand_in(bureau.workbook(OTHER))
    assert '"52003"' in bureau.compile().content
    entries = len(rows(bureau, LedgerEntry))
    assert results(take_in(bureau.installation)) == [("报表.xlsx", "已收")]
    assert len(rows(bureau, LedgerEntry)) == entries
    assert rows(bureau, RefusedFile) == []
    assert old in within(bureau, "已收").values()


def test_a_name_in_gbk_is_read_and_holds_up_nobody(bureau: Bureau) -> None:
    """An old FTP program or unzip leaves such names."""
    content = bureau.workbook(CENTRE)
    (inbox(bureau) / os.fsdecode("报表甲.xlsx".encode("gbk"))).write_bytes(content)
    drop(bureau, content, "乙.xlsx")
    found = take_in(bureau.installation)
    assert {line.file_name for line in found.taken} == {"报表甲.xlsx", "乙.xlsx"}
    assert {row.file_name for row in rows(bureau, Arrival)} == {"报表甲.xlsx", "乙.xlsx"}
    assert not [path for path in inbox(bureau).iterdir() if path.is_file()]


def test_a_long_name_is_no_obstacle(bureau: Bureau) -> None:
    drop(bureau, bureau.workbook(CENTRE), "表" * 80 + ".xlsx")
    assert [result for _, result in results(take_in(bureau.installation))] == ["已收"]
    assert all(len(name.encode()) <= 255 for name in within(bureau, "已收"))


def test_one_inbox_that_fails_holds_up_no_other(bureau: Bureau) -> None:
    folder = bureau.installation.settings.inbox / CENTRE
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the inbox should be", encoding="utf-8")
    drop(bureau, bureau.workbook(OTHER), centre=OTHER)
    found = take_in(bureau.installation)
    assert [line.result for line in found.taken] == ["已收"]
    (failure,) = found.failures
    assert failure.startswith("区社保中心：收件夹 inbox/social_insurance_centre：")
    assert "没有取到 1 处" in found.summary


def test_two_at_the_same_moment_lose_neither_and_take_nothing_twice(bureau_on_each: Bureau) -> None:
    """Two processes over the same inboxes: six workbooks, one bad file, one that is no workbook."""
    bureau = bureau_on_each
    contents = {bureau.workbook(CENTRE, changed={PARTICIPANTS: str(52000 + n)}) for n in range(6)}
    contents |= {bureau.workbook(CENTRE, filler=""), b"no workbook"}
    for number, content in enumerate(sorted(contents)):
        drop(bureau, content, f"{number}.xlsx")
    start = bureau.installation.settings.home / "go"
    program = (
        "import pathlib, time\nfrom disclosure.records.installation import open_installation\n"
        "installation = open_installation()\n"
        "from disclosure.collection.intake.intake import take_in\ninstallation.catalog, installation.records\n"
        f"print('ready', flush=True)\nwhile not pathlib.Path({str(start)!r}).exists(): time.sleep(0.001)\n"
        "print(take_in(installation).failures)\n"
    )
    environment = {**os.environ, **bureau.installation.settings.own_environment}
    together = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, encoding="utf-8")
        for _ in range(2)
    ]
    for process in together:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    start.touch()
    for process in together:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert said == "()\n"
    assert [p.name for p in inbox(bureau).iterdir() if p.is_file()] == []
    wanted = sorted(hashlib.sha256(content).hexdigest() for content in contents)
    assert sorted(row.sha256 for row in (*rows(bureau, Submission), *rows(bureau, RefusedFile))) == wanted
    assert sorted(row.sha256 for row in rows(bureau, Arrival)) == wanted
    assert {hashlib.sha256(c).hexdigest() for f in ("已收", "退回") for c in within(bureau, f).values()} >= set(wanted)


def test_two_centres_at_the_same_moment_lose_neither(bureau_on_each: Bureau) -> None:
    bureau = bureau_on_each
    drop(bureau, bureau.workbook(CENTRE), centre=CENTRE)
    together, found = threading.Barrier(2), []

    def by_inbox() -> None:
        together.wait()
        found.append(take_in(bureau.installation))

    other = bureau.workbook(OTHER)
    thread = threading.Thread(target=by_inbox)
    thread.start()
    together.wait()
    bureau.hand_in(other)
    thread.join()
    assert results(found[0]) == [("报表.xlsx", "已收")]
    assert {s.centre for s in rows(bureau, Submission)} == {CENTRE, OTHER}
    assert bureau.compile()


def test_a_waiting_cycle_is_woken_once_there_is_something_new(bureau: Bureau) -> None:
    with bureau.installation.records.write() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        asks.put(session, cycle, "collect", "", "00000000-0000-0000-0000-000000000000")
    assert cycles_to_wake(bureau.installation) == []
    drop(bureau, bureau.workbook(CENTRE))
    take_in(bureau.installation)
    assert cycles_to_wake(bureau.installation) == [bureau.cycle_id]
    # It looked, and asks again for the other one.
    with bureau.installation.records.write() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        asks.put(session, cycle, "collect", "", "00000000-0000-0000-0000-000000000000")
    assert cycles_to_wake(bureau.installation) == []
    drop(bureau, bureau.workbook(OTHER, filler=""), centre=OTHER)
    take_in(bureau.installation)
    assert cycles_to_wake(bureau.installation) == []
    drop(bureau, bureau.workbook(OTHER), centre=OTHER)
    take_in(bureau.installation)
    assert cycles_to_wake(bureau.installation) == [bureau.cycle_id]


def excuse(bureau: Bureau, centre: str) -> None:
    bureau.enrol("周汇总", "publicity_section")
    with bureau.installation.records.write() as session:
        session.add(
            Excuse(
                cycle_id=bureau.cycle_id,
                round=bureau.round,
                centre=centre,
                reason="系统迁移",
                person_id=session.scalars(select(Person.id).where(Person.name == "周汇总")).one(),
                excused_at=utc_now(),
            )
        )


def test_a_late_file_of_a_centre_left_out_is_kept_and_told_the_way_back(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.hand_in(bureau.workbook(OTHER))
    late = bureau.workbook(CENTRE)
    excuse(bureau, CENTRE)
    assert '"excused":["social_insurance_centre"]' in bureau.compile().content
    path = drop(bureau, late)
    (line,) = take_in(bureau.installation).taken
    told = "“区社保中心”的2016年度报表来迟了：第 1 轮已按“未报送”汇总（理由：系统迁移）。"
    assert line.words.startswith(told)
    assert "由审核人退回给本单位后，用新一轮的报表再交" in line.words
    assert not path.exists()
    assert told in b"".join(within(bureau, "回执").values()).decode("utf-8")

    # Somebody else is returned: still not its turn. Then it is.
    bureau.send_back("policy", OTHER)
    bureau.begin_next_round()
    drop(bureau, late, "再交.xlsx")
    assert take_in(bureau.installation).taken[0].words.startswith(told)
    bureau.hand_in(bureau.workbook(OTHER))
    bureau.compile()
    bureau.send_back("policy", CENTRE)
    bureau.begin_next_round()
    drop(bureau, bureau.workbook(CENTRE), "第三轮.xlsx")
    assert results(take_in(bureau.installation)) == [("第三轮.xlsx", "已收")]
    assert '"excused":[]' in bureau.compile().content


def test_before_the_round_is_compiled_a_centre_left_out_may_still_come(bureau: Bureau) -> None:
    bureau.hand_in(bureau.workbook(OTHER))
    excuse(bureau, CENTRE)
    drop(bureau, bureau.workbook(CENTRE))
    assert results(take_in(bureau.installation)) == [("报表.xlsx", "已收")]
    assert '"excused":[]' in bureau.compile().content


def test_settings_reach_the_intake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    installation = Installation(Settings(home=tmp_path, profile="gaogang-2016", intake_settle_seconds=7))
    (tmp_path / "inbox" / CENTRE).mkdir(parents=True)
    take_in(installation)
    assert waited == []
    (tmp_path / "inbox" / CENTRE / "x.xlsx").write_bytes(b"x")
    take_in(installation)
    assert waited == [7]
    installation.records.engine.dispose()
