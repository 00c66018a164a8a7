"""Protects: records that are missing, older, damaged or edited are found, whatever was done; whole ones pass."""

from __future__ import annotations

import fcntl
import json
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.backup.databases import copy_database
from disclosure.monitoring.acceptance import accept_records
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records import ledger
from disclosure.records.checkpoints import Checkpoint
from disclosure.records.installation import Installation
from disclosure.records.ledger_head import read_head
from disclosure.records.self_check.evidence import read_ledger
from disclosure.records.self_check.findings import RecordsFault, UnsoundRecordsError
from disclosure.records.self_check.inspection import check_records, refuse_start, refuse_unsound
from disclosure.records.tables import Base
from disclosure.records.vouching import VOUCHED
from disclosure.review.identify import Proof
from tests.support.bureau import Bureau, bureau_at
from tests.support.self_check import faults

pytestmark = pytest.mark.records

#: 24 KB, as much as a bad sector or a careless copy takes.
HOLE_BYTES = 24 * 1024
#: What the ledger does not vouch for: compared with something else, or how an attempt goes.
NOT_VOUCHED = {
    "arrivals",
    "calendar_links",
    "channel_deliveries",
    "explanation_drafts",
    "failed_attempts",
    "findings",
    "held_places",
    "ledger",
    "ledger_checkpoints",
    "messenger_states",
    "observations",
    "openness_drafts",
    "read_backs",
    "refused_files",
    "reminders",
    "stored_files",
    "supervision_findings",
    "supervision_runs",
    "used_codes",
}


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """高港区 2016, published, with its ledger signed; every test works on a copy."""
    home = tmp_path_factory.mktemp("published")
    bureau = bureau_at(home, f"sqlite:///{home / 'records.db'}")
    bureau.sign_all()
    bureau.publish()
    bureau.installation.sign_ledger()
    bureau.rest()
    return bureau


@pytest.fixture
def published(tmp_path: Path, published_once: Bureau) -> Bureau:
    return published_once.copy_to(tmp_path / "home")


def database(bureau: Bureau) -> Path:
    return bureau.installation.settings.home / "records.db"


def past_the_product(bureau: Bureau, *statements: str) -> None:
    """Change rows as somebody with a tool for databases does."""
    connection = sqlite3.connect(database(bureau))
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        assert connection.execute(statement).rowcount
    connection.commit()
    connection.close()


def afresh(bureau: Bureau) -> Installation:
    """The installation as another process opens it: nothing of it is remembered."""
    copy = bureau.installation.settings.home.with_name(
        f"afresh-{len(list(bureau.installation.settings.home.parent.iterdir()))}"
    )
    bureau.rest()
    shutil.copytree(bureau.installation.settings.home, copy, symlinks=True)
    moved = {"home": copy, "database_url": f"sqlite:///{copy / 'records.db'}"}
    return Installation(bureau.installation.settings.model_copy(update=moved))


def test_whole_records_pass_and_every_row_is_vouched_for(published: Bureau) -> None:
    check = check_records(published.installation)
    assert check.findings == ()
    assert check.entry_count > 20
    assert check.row_count > 20
    refuse_unsound(published.installation)


def test_every_table_is_vouched_for_or_known_not_to_be() -> None:
    assert NOT_VOUCHED.isdisjoint(VOUCHED)
    assert set(Base.metadata.tables) >= set(VOUCHED)
    untold = {name for name in Base.metadata.tables if name not in VOUCHED and name not in NOT_VOUCHED}
    # Sessions, attempts and looks of those who sign in come and go.
    assert not {name for name in untold if not name.startswith(("session", "sign_in", "look", "invitation", "account"))}


def changed(value: object) -> object:
    """Another value of the same kind, as it lies in SQLite."""
    if isinstance(value, int):
        return 1 - value if value in (0, 1) else value + 1_000_000
    return f"{'甲' if not str(value).startswith('甲') else '乙'}{str(value)[1:]}"


@pytest.mark.full  # a walk over every column
def test_a_changed_value_in_any_column_of_any_vouched_row_is_found(published: Bureau) -> None:
    """Another text, another number, an empty cell filled: whatever a tool writes over a value."""
    installation, tried = published.installation, 0
    connection = sqlite3.connect(database(published), isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    parts = {each.parts.name: each.parts.columns for each in VOUCHED.values() if each.parts is not None}
    for table, columns in ({name: each.covered for name, each in VOUCHED.items()} | parts).items():
        for column in columns:
            row = connection.execute(f"SELECT rowid, {column.name} FROM {table} LIMIT 1").fetchone()
            if row is None:
                break
            update = f"UPDATE {table} SET {column.name} = ? WHERE rowid = ?"
            connection.execute(update, (changed(row[1]), row[0]))
            assert check_records(installation, is_thorough=False).stopping, (table, column.name)
            connection.execute(update, (row[1], row[0] if not column.primary_key else changed(row[0])))
            tried += 1
    assert not check_records(installation, is_thorough=False).findings
    assert tried > 100


@pytest.mark.parametrize("table", ["decisions", "asks", "people", "releases", "manifest_signatures", "submissions"])
def test_a_row_removed_or_added_past_the_product_is_found(published: Bureau, table: str) -> None:
    past_the_product(published, f"DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})")
    assert "已被删去" in " ".join(finding.found for finding in check_records(published.installation).stopping)


def test_a_decision_that_nobody_made_is_found(published: Bureau) -> None:
    copied = "gate, outcome, digest, person_id, opinion, returned_to, decided_at"
    past_the_product(
        published,
        f"INSERT INTO decisions (id, cycle_id, round, {copied})"
        f" SELECT 99, cycle_id, 7, {copied} FROM decisions LIMIT 1",
    )
    assert "decisions 99 台账里没有" in check_records(published.installation).stopping[0].found


def test_nothing_is_published_or_removed_by_edited_decisions(published: Bureau) -> None:
    site = sorted(path for path in published.site.rglob("*"))
    past_the_product(published, "UPDATE decisions SET opinion = '同意。' WHERE gate = 'policy'")
    with pytest.raises(UnsoundRecordsError, match=r"decisions .* 已被改动.*线上网站保持原样"):
        published.publish()
    assert sorted(path for path in published.site.rglob("*")) == site


def test_records_that_are_gone_are_not_made_anew(published: Bureau) -> None:
    installation = afresh(published)
    (installation.settings.home / "records.db").unlink()
    assert faults(installation) == {RecordsFault.MISSING}
    with pytest.raises(DisclosureError, match="不是新的安装，没有另建"):
        _ = installation.records
    with pytest.raises(UnsoundRecordsError):
        refuse_start(installation)
    assert not (installation.settings.home / "records.db").exists()


@pytest.mark.parametrize(
    "kept", ["ledger.head", "ledger.key", "checkpoints.jsonl", "secret.key", "keys", "releases", "files", "site"]
)
def test_any_one_thing_left_shows_that_there_were_records(published: Bureau, kept: str) -> None:
    installation = afresh(published)
    for path in installation.settings.home.iterdir():
        if path.name != kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert faults(installation) == {RecordsFault.MISSING}


def test_an_empty_database_in_the_place_of_the_records_is_no_new_installation(published: Bureau) -> None:
    installation = afresh(published)
    (installation.settings.home / "records.db").write_bytes(b"")
    assert faults(installation) == {RecordsFault.MISSING}


def test_a_home_with_nothing_of_ours_is_a_new_installation(tmp_path: Path) -> None:
    (tmp_path / "home" / "logs").mkdir(parents=True)
    (tmp_path / "home" / "up.lock").write_text("1")
    installation = Installation(Settings(home=tmp_path / "home", profile="gaogang-2016"))
    assert check_records(installation).is_new
    assert not (tmp_path / "home" / "records.db").exists()
    _ = installation.records
    assert check_records(installation).findings == ()


def yesterdays(published: Bureau) -> Bureau:
    """The same bureau after a day's work was lost: its database alone is of yesterday."""
    published.rest()
    before = database(published).read_bytes()
    published.enrol("新来的", "policy_section")
    published.rest()
    database(published).write_bytes(before)
    for beside in ("records.db-wal", "records.db-shm"):
        database(published).with_name(beside).unlink(missing_ok=True)
    return published


def test_records_of_yesterday_are_older_than_their_head_and_publish_nothing(published: Bureau) -> None:
    installation = afresh(yesterdays(published))
    (finding,) = check_records(installation).stopping
    assert finding.fault is RecordsFault.OLDER
    assert "比它的检查点旧" in finding.found
    with pytest.raises(UnsoundRecordsError, match="disclosure ledger accept"):
        refuse_unsound(installation)
    with pytest.raises(UnsoundRecordsError):
        refuse_start(installation)


def test_going_on_from_an_older_copy_never_covers_it_up(published: Bureau) -> None:
    installation = afresh(yesterdays(published))
    for number in range(5):
        with installation.records.write() as session:
            ledger.append(session, "test.happened", actor="测试", number=number)
    assert faults(installation) == {RecordsFault.REWRITTEN}


def test_a_person_accepts_an_older_copy_by_name_and_it_stays_in_the_ledger(published: Bureau) -> None:
    bureau = yesterdays(published).copy_to(published.installation.settings.home.with_name("accepted"))
    with pytest.raises(DisclosureError, match="没有要承认的"):
        accept_records(published_whole(bureau), Proof("李局长", "000000", bureau.now, "没有更新的备份了。"))
    wrong = accept_records(
        bureau.installation, Proof("钱财务", bureau.code("钱财务"), bureau.now, "没有更新的备份了。")
    )
    assert "不能办理" in wrong.sentence  # type: ignore[union-attr]
    proof = Proof("李局长", bureau.code("李局长"), bureau.now, "磁盘损坏，没有更新的备份了。")
    assert isinstance(accept_records(bureau.installation, proof), Checkpoint)
    check = check_records(bureau.installation)
    assert check.findings == ()
    refuse_unsound(bureau.installation)
    with bureau.installation.records.read() as session:
        entries = read_ledger(session, bureau.installation.settings).entries
    told = next(entry for entry in entries if entry.event == "records.accepted")
    assert told.actor == "李局长"
    assert "比它的检查点旧" in json.loads(told.details)["found"][0]


def published_whole(bureau: Bureau) -> Installation:
    """Another bureau, with nothing wrong."""
    home = bureau.installation.settings.home.with_name("whole")
    return bureau_at(home, f"sqlite:///{home / 'records.db'}").installation


def swap_line(line: str, **values: object) -> str:
    return json.dumps({**json.loads(line), **values})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda file: file.write_text(swap_line(file.read_text(), length=3)), RecordsFault.FORGED),
        (lambda file: file.write_text("损坏"), RecordsFault.HEAD_MISSING),
        (lambda file: file.unlink(), RecordsFault.HEAD_MISSING),
    ],
)
def test_a_head_that_is_gone_cut_or_forged_is_found(
    published: Bureau, change: Callable[[Path], object], fault: RecordsFault
) -> None:
    change(published.installation.settings.ledger_head_file)
    assert faults(published.installation) == {fault}


def test_who_sleeps_with_the_head_in_hand_keeps_nobody_from_writing(published: Bureau) -> None:
    installation = published.installation
    with installation.settings.ledger_head_file.open("r+b") as asleep:
        fcntl.flock(asleep, fcntl.LOCK_EX)
        began = time.monotonic()
        published.enrol("新来的", "policy_section")
        assert time.monotonic() - began < 30
        assert faults(installation) == set()
    before = read_head(installation.settings.ledger_head_file)
    published.enrol("又来的", "policy_section")
    after = read_head(installation.settings.ledger_head_file)
    assert before is not None
    assert after is not None
    assert after.length >= before.length + 2
    assert faults(installation) == set()


def test_lost_lines_of_checkpoints_are_told_and_filled_up(published: Bureau) -> None:
    file = published.installation.settings.checkpoints_file
    whole = file.read_text(encoding="utf-8")
    file.unlink()
    (finding,) = check_records(published.installation).findings
    assert (finding.fault, finding.fault.is_stopping) == (RecordsFault.CHECKPOINTS_LOST, False)
    published.installation.sign_ledger()
    assert set(whole.splitlines()) < set(file.read_text(encoding="utf-8").splitlines())
    file.write_text(whole[: len(whole) // 3], encoding="utf-8")
    assert faults(published.installation) == {RecordsFault.CHECKPOINTS_DAMAGED}


@pytest.mark.parametrize(
    ("name", "fault"), [("ledger.key", RecordsFault.LEDGER_KEY), ("secret.key", RecordsFault.SECRET_KEY)]
)
def test_a_key_that_is_gone_or_another_ones_is_found_and_not_made_anew(
    published: Bureau, tmp_path: Path, name: str, fault: RecordsFault
) -> None:
    file = published.installation.settings.home / name
    good = file.read_bytes()
    file.unlink()
    assert fault in faults(published.installation)
    assert not file.exists()
    other = bureau_at(tmp_path / "other", f"sqlite:///{tmp_path / 'other' / 'records.db'}")
    file.write_bytes((other.installation.settings.home / name).read_bytes())
    assert faults(published.installation)
    file.write_bytes(good)
    assert not faults(published.installation)


def test_a_signing_key_that_is_gone_or_another_ones_is_found(published: Bureau) -> None:
    (file,) = (published.installation.settings.home / "keys").glob("*.pem")
    shutil.copy(published.installation.settings.ledger_key_file, file)
    assert faults(published.installation) == {RecordsFault.SIGNING_KEY}
    file.unlink()
    assert faults(published.installation) == {RecordsFault.SIGNING_KEY}


def test_a_file_handed_in_that_has_changed_is_found(published: Bureau) -> None:
    file = next(path for path in published.installation.settings.files.rglob("*") if path.is_file())
    file.chmod(0o600)
    file.write_bytes(file.read_bytes() + b" ")
    assert faults(published.installation) == {RecordsFault.FILES_DIFFER}


def test_checkpoints_are_kept_in_a_second_place_and_a_missing_one_holds_nobody_up(
    published: Bureau, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere"
    settings = published.installation.settings.model_copy(update={"checkpoint_copy": copy})
    installation = Installation(settings)
    installation.sign_ledger()
    (finding,) = check_records(installation).findings
    assert (finding.fault, finding.fault.is_stopping) == (RecordsFault.COPY_UNREACHABLE, False)
    copy.mkdir()
    installation.sign_ledger()
    assert check_records(installation).findings == ()
    # All of the home is of yesterday, its head as well: the second place alone knows better.
    published.rest()
    yesterday = settings.home.with_name("yesterday")
    shutil.copytree(settings.home, yesterday, symlinks=True)
    published.enrol("新来的", "policy_section")
    installation.sign_ledger()
    moved = {"home": yesterday, "database_url": f"sqlite:///{yesterday / 'records.db'}"}
    assert faults(Installation(settings.model_copy(update=moved))) == {RecordsFault.OLDER}


def test_a_list_of_tables_that_is_no_text_is_damage_in_plain_words(published: Bureau) -> None:
    # SQLite quotes the damaged name in its message, which Python's driver then cannot read.
    published.rest()
    whole = database(published).read_bytes()
    named = b"tablecyclescycles"
    assert named in whole
    database(published).write_bytes(
        whole.replace(named, b"table" + b"\xff" * 12).replace(b"CREATE TABLE cycles", b"\xff" * 19)
    )
    assert faults(published.installation) == {RecordsFault.DAMAGED}
    with pytest.raises(UnsoundRecordsError, match=r"已损坏.*从备份恢复后再试"):
        published.publish()
    with pytest.raises(DisclosureError, match=r"读不了.*没有备份"):
        copy_database(published.installation.settings.records_url, published.installation.settings.home / "copy")


@given(place=st.floats(0.02, 0.98), filling=st.sampled_from([b"\0", b"\xff", b"noise"]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_hole_anywhere_in_the_file_is_found_or_touches_nothing_vouched_for(
    published_once: Bureau, tmp_path_factory: pytest.TempPathFactory, place: float, filling: bytes
) -> None:
    home = tmp_path_factory.mktemp("hole")
    bureau = published_once.copy_to(home)
    whole = database(bureau).read_bytes()
    at = int((len(whole) - HOLE_BYTES) * place)
    hole = (filling * HOLE_BYTES)[:HOLE_BYTES]
    database(bureau).write_bytes(whole[:at] + hole + whole[at + HOLE_BYTES :])
    check = check_records(bureau.installation)
    assert check.stopping
    with pytest.raises(DisclosureError, match=r"损坏|台账|记录"):
        bureau.publish()
