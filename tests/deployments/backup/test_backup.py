"""Protects: a backup made while people work is one moment of everything, and a restore gives all of it back or nothing.

Records, files, keys and Prefect's database are compared row by row and byte by byte.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine, text

from deployments.backup.databases import copy_database, fill_database, is_vacant
from deployments.backup.making import backups_in, make_backup
from deployments.backup.manifest import MANIFEST
from deployments.backup.restoring import compare_backup, restore_backup
from deployments.backup.sealed import make_key, read_recipients, seal
from disclosure.monitoring.acceptance import accept_records
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.file_store import keep_file
from disclosure.records.installation import Installation
from disclosure.records.self_check.findings import RecordsFault, UnsoundRecordsError
from disclosure.records.self_check.inspection import check_records, refuse_start
from disclosure.review.identify import Proof
from tests.support.backups import elsewhere, files_of, rows_of, with_backups
from tests.support.bureau import REVIEWERS, Bureau, bureau_at
from tests.support.command import run_command
from tests.support.self_check import faults

pytestmark = pytest.mark.records


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """高港区 2016, published, on SQLite, with one backup."""
    place = tmp_path_factory.mktemp("backed-up")
    bureau = bureau_at(place / "home", f"sqlite:///{place / 'home' / 'records.db'}")
    bureau.sign_all()
    bureau.publish()
    installation, key = with_backups(bureau.installation, place)
    made = make_backup(installation)
    return SimpleNamespace(bureau=bureau, installation=installation, key=key, made=made)


def _lay_prefect(installation: Installation) -> None:
    """A database where Prefect has its own, with its last row still in the write-ahead log."""
    file = installation.settings.prefect_home / "prefect.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE flow_run (id TEXT)")
    connection.execute("INSERT INTO flow_run VALUES ('only in the log')")
    connection.commit()
    # Left open: SQLite would put the log into the file.
    _OPEN.append(connection)


_OPEN: list[sqlite3.Connection] = []


@pytest.fixture(autouse=True)
def close_prefect() -> object:
    yield
    while _OPEN:
        _OPEN.pop().close()


@pytest.mark.both_databases
def test_everything_comes_back_as_it_was(
    open_bureau: Callable[..., Bureau], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    bureau = open_bureau()
    bureau.sign_all()
    bureau.publish()
    place = tmp_path_factory.mktemp("restored")
    installation, key = with_backups(bureau.installation, place)
    (installation.settings.inbox / "shared").mkdir(parents=True, exist_ok=True)
    (installation.settings.inbox / "shared").chmod(0o775)
    _lay_prefect(installation)
    before = files_of(installation.settings.home)

    made = make_backup(installation)

    assert not list(installation.settings.home.glob(".backup-*"))
    settings = elsewhere(installation.settings, place / "new", _empty_twin(bureau, request))
    restored = restore_backup(settings, made.file, key)

    assert restored.check == check_records(installation)
    assert restored.check.entry_count == made.manifest.ledger_length
    assert files_of(settings.home) == before == files_of(installation.settings.home)
    assert (settings.inbox / "shared").stat().st_mode & 0o777 == 0o775
    assert rows_of(settings.records_url) == rows_of(installation.settings.records_url)
    with closing(sqlite3.connect(settings.prefect_home / "prefect.db")) as prefect:
        assert prefect.execute("SELECT id FROM flow_run").fetchall() == [("only in the log",)]
    refuse_start(Installation(settings))


def test_what_only_an_administrator_may_make_does_not_keep_a_dump_from_being_restored(
    postgres_url: str, tmp_path: Path, copy_of_database: Callable[..., AbstractContextManager[str]]
) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        for said in ("EXTENSION amcheck", "EXTENSION pg_trgm", "TABLE kept (id int)"):
            connection.execute(text(f"CREATE {said}"))
    engine.dispose()
    copy = copy_database(postgres_url, tmp_path / "records")
    assert copy is not None
    with copy_of_database("template0") as url:
        assert is_vacant(url)
        fill_database(copy, url)
        assert not is_vacant(url)
        engine = create_engine(url)
        with engine.connect() as connection:
            extensions = set(connection.execute(text("SELECT extname FROM pg_extension")).scalars())
        engine.dispose()
    # Prefect's own database needs the other, which its owner may make.
    assert extensions == {"plpgsql", "pg_trgm"}
    assert not copy.exists()


def test_a_databases_password_is_no_argument(tmp_path: Path) -> None:
    """Arguments of a process are for all users of the machine to see; and nothing is said of it in an error."""
    with pytest.raises(DisclosureError, match="pg_dump 没有成功") as told:
        copy_database("postgresql+psycopg://somebody:geheim@127.0.0.1:1/none", tmp_path / "records")
    assert "geheim" not in str(told.value)


def _empty_twin(bureau: Bureau, request: pytest.FixtureRequest) -> str:
    """An empty database of the same kind as the bureau's."""
    is_sqlite = bureau.installation.settings.records_url.startswith("sqlite")
    return "" if is_sqlite else request.getfixturevalue("postgres_url")


@pytest.mark.both_databases
def test_a_backup_while_a_writer_writes_is_whole(
    open_bureau: Callable[..., Bureau], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    """Every entry of the ledger comes with its head, and every row of a file with its bytes."""
    bureau = open_bureau(enrolled=False)
    place = tmp_path_factory.mktemp("restored")
    installation, key = with_backups(bureau.installation, place)
    stop, written = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            with installation.begin() as work:
                keep_file(work.session, installation.settings.files, os.urandom(5000))
                ledger.append(work.session, "test.written", actor="系统")
            written.append(time.monotonic())

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(written) < 3:
            time.sleep(0.01)
        began = len(written)
        made = make_backup(installation)
        during = len(written) - began
    finally:
        stop.set()
        writer.join()

    assert during > 0, "the writer must not be held up"
    restored = restore_backup(
        elsewhere(installation.settings, place / "new", _empty_twin(bureau, request)), made.file, key
    )
    assert restored.check.stopping == ()
    assert restored.check.entry_count >= made.manifest.ledger_length


def test_older_than_a_checkpoint_kept_elsewhere_cannot_publish_until_accepted(
    backed_up: SimpleNamespace, tmp_path: Path
) -> None:
    later = backed_up.bureau.copy_to(tmp_path / "later")
    with later.installation.records.write() as session:
        ledger.append(session, "test.later", actor="系统")
    checkpoint = later.installation.sign_ledger()
    kept = tmp_path / "copied.jsonl"
    shutil.copy(later.installation.settings.checkpoints_file, kept)

    settings = elsewhere(backed_up.installation.settings, tmp_path / "new")
    restored = restore_backup(settings, backed_up.made.file, backed_up.key, [kept])

    assert [finding.fault for finding in restored.check.stopping] == [RecordsFault.OLDER]
    assert f"检查点有 {checkpoint.length} 条" in restored.check.stopping[0].found
    bureau = later.copy_to(tmp_path / "people")
    bureau.installation = Installation(settings)
    with pytest.raises(UnsoundRecordsError, match="比它的检查点旧"):
        bureau.publish()
    with pytest.raises(UnsoundRecordsError, match="比它的检查点旧"):
        refuse_start(bureau.installation)

    leader = REVIEWERS["leader"]
    code = bureau.code(leader)
    accept_records(bureau.installation, Proof(leader, code, bureau.now, "没有更新的备份。"))

    assert not faults(bureau.installation)
    bureau.publish()


def test_the_head_of_the_lost_home_shows_that_a_backup_is_older(backed_up: SimpleNamespace, tmp_path: Path) -> None:
    later = backed_up.bureau.copy_to(tmp_path / "later")
    with later.installation.records.write() as session:
        ledger.append(session, "test.later", actor="系统")

    settings = elsewhere(backed_up.installation.settings, tmp_path / "new")
    seen = [later.installation.settings.ledger_head_file]
    assert [
        finding.fault for finding in restore_backup(settings, backed_up.made.file, backed_up.key, seen).check.stopping
    ] == [RecordsFault.OLDER]


def test_another_installations_checkpoints_do_not_fit(backed_up: SimpleNamespace, tmp_path: Path) -> None:
    """An archive made by somebody else, who knows the public key, has another ledger's key inside."""
    other = bureau_at(tmp_path / "other", f"sqlite:///{tmp_path / 'other' / 'records.db'}", enrolled=False)
    other.installation.sign_ledger()
    settings = elsewhere(backed_up.installation.settings, tmp_path / "new")
    restored = restore_backup(
        settings, backed_up.made.file, backed_up.key, [other.installation.settings.checkpoints_file]
    )
    assert RecordsFault.FORGED in {finding.fault for finding in restored.check.stopping}


def _cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def _cut_short(content: bytes) -> bytes:
    return content[:-1]


def _flip(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def _nothing(_: bytes) -> bytes:
    return b""


def _something_else(_: bytes) -> bytes:
    return b"PK\x03\x04" * 100


@pytest.mark.parametrize("damage", [_cut, _cut_short, _flip, _nothing, _something_else])
def test_a_damaged_archive_restores_nothing(
    backed_up: SimpleNamespace, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "damaged.tar.gz.age"
    file.write_bytes(damage(backed_up.made.file.read_bytes()))
    settings = elsewhere(backed_up.installation.settings, tmp_path / "new")
    with pytest.raises(DisclosureError, match="已损坏或不完整，没有恢复"):
        restore_backup(settings, file, backed_up.key)
    with pytest.raises(DisclosureError, match="已损坏或不完整，没有恢复"):
        compare_backup(file, backed_up.key)
    assert list(settings.home.iterdir()) == []


def test_another_key_restores_nothing(backed_up: SimpleNamespace, tmp_path: Path) -> None:
    make_key(tmp_path / "other.key")
    settings = elsewhere(backed_up.installation.settings, tmp_path / "new")
    with pytest.raises(DisclosureError, match="这把私钥打不开"):
        restore_backup(settings, backed_up.made.file, tmp_path / "other.key")
    assert list(settings.home.iterdir()) == []
    (tmp_path / "no.key").write_text("别的内容", encoding="utf-8")
    with pytest.raises(DisclosureError, match="没有备份的私钥"):
        restore_backup(settings, backed_up.made.file, tmp_path / "no.key")


@pytest.mark.parametrize(
    ("name", "kind", "link"),
    [
        ("home/../../escaped", tarfile.DIRTYPE, ""),
        ("/escaped", tarfile.DIRTYPE, ""),
        ("home/escaped", tarfile.SYMTYPE, "../../elsewhere"),
        ("home/escaped", tarfile.SYMTYPE, "/etc/passwd"),
        ("home/escaped", tarfile.LNKTYPE, "home"),
        ("home/escaped", tarfile.FIFOTYPE, ""),
    ],
)
def test_an_archive_that_leads_out_of_its_place_is_refused(
    backed_up: SimpleNamespace, tmp_path: Path, name: str, kind: bytes, link: str
) -> None:
    """Whoever knows the public key can make an archive; it puts nothing anywhere else."""

    def fill(tar: tarfile.TarFile) -> None:
        for path, its_kind, its_link in (("home", tarfile.DIRTYPE, ""), (name, kind, link)):
            member = tarfile.TarInfo(path)
            member.type, member.linkname = its_kind, its_link
            tar.addfile(member)

    file = tmp_path / "hostile.age"
    with file.open("wb") as stream:
        seal(stream, read_recipients(backed_up.installation.settings.backup_recipients), fill)
    settings = elsewhere(backed_up.installation.settings, tmp_path / "below" / "new")
    with pytest.raises(DisclosureError, match="没有恢复"):
        restore_backup(settings, file, backed_up.key)
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("there", ["records.db", "notes.txt", "site"])
def test_a_place_that_is_not_empty_is_left_alone(backed_up: SimpleNamespace, tmp_path: Path, there: str) -> None:
    settings = elsewhere(backed_up.installation.settings, tmp_path / "new")
    settings.home.mkdir()
    (settings.home / there).write_text("mine", encoding="utf-8")
    with pytest.raises(DisclosureError, match="不是空的"):
        restore_backup(settings, backed_up.made.file, backed_up.key)
    assert [path.read_text() for path in settings.home.iterdir()] == ["mine"]


def test_a_database_that_is_not_empty_is_left_alone(
    backed_up: SimpleNamespace, tmp_path: Path, records_url: str
) -> None:
    settings = elsewhere(backed_up.installation.settings, tmp_path / "new", records_url)
    with pytest.raises(DisclosureError, match="已经有表"):
        restore_backup(settings, backed_up.made.file, backed_up.key)
    assert not settings.home.exists()


def test_a_copy_of_one_kind_of_database_does_not_fit_the_other(
    backed_up: SimpleNamespace, tmp_path: Path, postgres_url: str
) -> None:
    settings = elsewhere(backed_up.installation.settings, tmp_path / "new", postgres_url)
    with pytest.raises(DisclosureError, match="备份里的数据库是 sqlite"):
        restore_backup(settings, backed_up.made.file, backed_up.key)
    assert list(settings.home.iterdir()) == []


def test_a_database_that_goes_wrong_leaves_the_place_empty(backed_up: SimpleNamespace, tmp_path: Path) -> None:
    """The records come last: what is half restored is no installation, and is taken back."""
    settings = elsewhere(backed_up.installation.settings, tmp_path / "new")
    settings = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'file' / 'records.db'}"})
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(OSError):
        restore_backup(settings, backed_up.made.file, backed_up.key)
    assert list(settings.home.iterdir()) == []


def test_nothing_is_backed_up_without_key_place_or_records(backed_up: SimpleNamespace, tmp_path: Path) -> None:
    settings = backed_up.installation.settings
    for changed, told in (
        ({"backup_recipients": ""}, "还没有备份的公钥"),
        ({"backup_recipients": "age1mistyped"}, "写错的公钥"),
        ({"backup_folder": None}, "没有说备份放在哪里"),
        ({"backup_folder": settings.home / "backups"}, "磁盘坏了会一起丢"),
        ({"home": tmp_path / "nowhere", "database_url": ""}, "里没有记录"),
    ):
        with pytest.raises(DisclosureError, match=told):
            make_backup(Installation(settings.model_copy(update=changed)))
    assert not (tmp_path / "nowhere").exists()


def test_old_backups_go_only_when_the_records_are_sound(backed_up: SimpleNamespace, tmp_path: Path) -> None:
    bureau = backed_up.bureau.copy_to(tmp_path / "home")
    installation, _ = with_backups(bureau.installation, tmp_path)
    installation = Installation(installation.settings.model_copy(update={"backup_keep": 2}))
    folder = tmp_path / "backups"
    folder.mkdir()
    profile = installation.catalog.profile.id
    for day in (1, 2, 3):
        (folder / f"disclosure-{profile}-2026010{day}T000000Z.tar.gz.age").touch()
    (folder / "disclosure-elsewhere-20250101T000000Z.tar.gz.age").touch()

    with installation.records.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE people SET name = '改了名' WHERE id = 1")
    unsound = make_backup(installation)
    assert [finding.fault for finding in unsound.findings] == [RecordsFault.ROWS_DIFFER]
    assert len(backups_in(folder, profile)) == 4
    unsound.file.unlink()

    with installation.records.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE people SET name = '{REVIEWERS['policy']}' WHERE id = 1")
    sound = make_backup(installation)
    assert sound.findings == ()
    assert backups_in(folder, profile) == [folder / f"disclosure-{profile}-20260103T000000Z.tar.gz.age", sound.file]
    assert len(sound.removed) == 2
    assert (folder / "disclosure-elsewhere-20250101T000000Z.tar.gz.age").exists()


def test_a_damaged_database_is_told_and_not_backed_up(backed_up: SimpleNamespace, tmp_path: Path) -> None:
    bureau = backed_up.bureau.copy_to(tmp_path / "home")
    installation, _ = with_backups(bureau.installation, tmp_path)
    file = installation.settings.home / "records.db"
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        stream.write(b"\xff" * 24 * 1024)
    with pytest.raises(DisclosureError, match="损坏"):
        make_backup(installation)
    assert list((tmp_path / "backups").iterdir()) == []
    assert not list(installation.settings.home.glob(".backup-*"))


def test_a_killed_backup_is_cleared_away(
    backed_up: SimpleNamespace, tmp_path: Path, run_and_die: Callable[[Bureau, str], None]
) -> None:
    bureau = backed_up.bureau.copy_to(tmp_path / "home")
    bureau.installation, _ = with_backups(bureau.installation, tmp_path)
    run_and_die(
        bureau,
        "from deployments.backup import making\nmaking.seal = die\nmaking.make_backup(installation)\n",
    )
    home = bureau.installation.settings.home
    assert list(home.glob(".backup-*"))
    partial = next((tmp_path / "backups").glob(".partial-*"))
    os.utime(partial, (0, 0))
    made = make_backup(bureau.installation)
    assert not [path for path in home.glob(".backup-*") if path.is_dir()]
    assert list((tmp_path / "backups").iterdir()) == [made.file]


def test_by_command(backed_up: SimpleNamespace, tmp_path: Path) -> None:
    """A key is made, everything backed up, compared and restored, each by one command."""
    bureau = backed_up.bureau.copy_to(tmp_path / "var")
    bureau.rest()
    variables = {"DISCLOSURE_PROFILE": bureau.installation.settings.profile}
    inside = run_command("backup", "key", "var/backup.key", folder=tmp_path, **variables)
    assert inside.returncode == 1
    made = run_command("backup", "key", "backup.key", folder=tmp_path, **variables)
    assert (tmp_path / "backup.key").stat().st_mode & 0o777 == 0o600
    again = run_command("backup", "key", "backup.key", folder=tmp_path, **variables)
    assert "没有覆盖" in again.stdout + again.stderr
    name, _, public = made.stdout.split()[-1].partition("=")
    variables |= {name: public, "DISCLOSURE_BACKUP_FOLDER": str(tmp_path / "backups")}

    backed = run_command("backup", folder=tmp_path, **variables)
    assert backed.returncode == 0, backed.stderr
    archive = next((tmp_path / "backups").iterdir())

    checked = run_command("backup", "verify", archive, "--key", "backup.key", folder=tmp_path, **variables)
    assert "逐字节相符" in checked.stdout
    refused = run_command("backup", "restore", archive, "--key", "backup.key", folder=tmp_path, **variables)
    assert refused.returncode == 1
    assert "不是空的" in refused.stdout + refused.stderr
    variables["DISCLOSURE_HOME"] = str(tmp_path / "new")
    restored = run_command("backup", "restore", archive, "--key", "backup.key", folder=tmp_path, **variables)
    assert restored.returncode == 0, restored.stderr
    assert "看不出这份备份是不是最新的" in restored.stdout
    assert not faults(Installation(elsewhere(bureau.installation.settings, tmp_path / "new")))


def test_an_archive_is_private_and_says_nothing(backed_up: SimpleNamespace) -> None:
    content = backed_up.made.file.read_bytes()
    assert backed_up.made.file.stat().st_mode & 0o077 == 0
    assert content.startswith(b"age-encryption.org/v1\n")
    for plain in (b"PRIVATE KEY", b"SQLite", MANIFEST.encode(), REVIEWERS["leader"].encode()):
        assert plain not in content
