"""Protects a year's archive: everything of the year is in it, anybody can prove it, and nothing changed goes unseen.

Figures: 泰州市高港区 2016 as its government published them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from sqlalchemy import select

from disclosure.platform.errors import DisclosureError
from disclosure.publication.archive.making import INDEX, README, SUMS, archive_year
from disclosure.publication.archive.verification import ArchiveFiles, check_archive
from disclosure.publication.proof.verification import trusted_keys
from disclosure.records.installation import Installation
from disclosure.records.self_check.findings import UnsoundRecordsError
from disclosure.records.tables import LedgerEntry, Submission
from tests.support.bureau import REVIEWERS, Bureau, bureau_at

pytestmark = [pytest.mark.records, pytest.mark.slow]

YEAR = 2016
RELEASE = "2016-annual/public/v1/"


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bureau, Path]:
    """高港区 2016, handed in wrongly once, published, and its archive."""
    home = tmp_path_factory.mktemp("archived")
    bureau = bureau_at(home, f"sqlite:///{home / 'records.db'}")
    assert not bureau.hand_in(bureau.workbook(bureau.centres[0], filler="", checker="　"), "没有签名.xlsx").is_accepted
    bureau.sign_all()
    bureau.publish()
    made = archive_year(bureau.installation, YEAR, tmp_path_factory.mktemp("vault"))
    return bureau, made.file


@pytest.fixture
def archive(archived: tuple[Bureau, Path]) -> Path:
    return archived[1]


def problems(file: Path) -> list[str]:
    """What is wrong with an archive; what keeps it from being checked at all is told alike."""
    try:
        with ArchiveFiles(file) as source:
            found = check_archive(source, trusted_keys(source))
    except DisclosureError as error:
        return [str(error)]
    return [told for one in found for told in (*one.problems, *one.files.values()) if told]


def changed(file: Path, to: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """The archive with what ``change`` does to its files, packed anew."""
    with zipfile.ZipFile(file) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    change(files)
    made = to / "changed.zip"
    with zipfile.ZipFile(made, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return made


def table(file: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(file) as packed:
        return list(csv.DictReader(io.StringIO(packed.read(name).decode("utf-8-sig"))))


def test_it_is_right_as_a_whole_and_release_by_release(archive: Path) -> None:
    with ArchiveFiles(archive) as source:
        whole, release = check_archive(source, trusted_keys(source))
    assert whole.is_right
    assert release.is_right
    assert "2016年归档包" in whole.title
    assert release.folder == RELEASE.rstrip("/")
    assert release.ledger


def test_it_holds_what_was_published_signed_decided_checked_and_handed_in(archived: tuple[Bureau, Path]) -> None:
    bureau, file = archived
    with zipfile.ZipFile(file) as packed:
        names = set(packed.namelist())
    assert {INDEX, README, SUMS, "manifest.json", "manifest.jws", "keys/keys.json", "ledger.jsonl"} <= names
    assert {f"{RELEASE}index.html", f"{RELEASE}manifest.json", f"{RELEASE}manifest.jws"} <= names
    assert any(name.startswith("2016-annual/signed/v1/packages/") for name in names)
    assert any(name.startswith("2016-annual/reports/") and name.endswith(".html") for name in names)
    decided = {row["环节"]: row for row in table(file, "2016-annual/decisions.csv")}
    assert {row["姓名"] for row in decided.values()} == {
        REVIEWERS[gate] for gate in ("policy", "finance", "confidentiality", "leader")
    }
    assert {row["结论"] for row in decided.values()} == {"通过"}
    received = {row["SHA-256"]: row for row in table(file, "2016-annual/received.csv")}
    with bureau.installation.records.read() as session:
        ours = {row.sha256: row.is_accepted for row in session.scalars(select(Submission))}
    assert {sha256: received[sha256]["是否收下"] == "收下" for sha256 in ours} == ours
    # Figures and people's names of the work are in it, keys and secrets are not.
    with zipfile.ZipFile(file) as packed:
        assert not any(b"PRIVATE KEY" in packed.read(name) for name in packed.namelist())


def test_every_file_stands_in_the_list_with_how_long_it_is_kept(archived: tuple[Bureau, Path]) -> None:
    bureau, file = archived
    rows = table(file, INDEX)
    listed = {row["文件"]: row for row in rows}
    with zipfile.ZipFile(file) as packed:
        beside = {INDEX, SUMS, "manifest.json", "manifest.jws", "keys/keys.json", "keys/keys.jws"}
        names = set(packed.namelist()) - beside
        assert set(listed) == names
        for name in names:
            assert listed[name]["SHA-256"] == hashlib.sha256(packed.read(name)).hexdigest(), name
    assert [row["序号"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    terms = {fact.name: fact.annual for fact in bureau.catalog.retention.values()}
    assert {row["保管期限"] for row in rows} == {terms[row["种类"]] for row in rows} == {"永久", "30年"}
    assert all(row["题名"] and row["责任者"] and row["形成日期"] for row in rows)


def test_its_printed_sheets_are_made_for_archives(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        sheets = [name for name in packed.namelist() if name.endswith(".pdf")]
        assert sheets
        for name in sheets:
            with pikepdf.open(io.BytesIO(packed.read(name))) as pdf, pdf.open_metadata() as meta:
                assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("2", "A"), name


def test_it_is_proven_without_this_software(archive: Path, tmp_path: Path) -> None:
    """Unpacked, by the tools of any Linux machine."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", SUMS], cwd=tmp_path, check=True)
    before = ""
    for line in (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        keys = ("number", "at", "actor", "event", "cycle_id", "details", "rows", "previous_hash")
        said = json.dumps([told[key] for key in keys], ensure_ascii=False)
        assert told["hash"] == hashlib.sha256(said.encode()).hexdigest()
        assert told["previous_hash"] == before or not before
        before = told["hash"]
    assert before
    readme = (tmp_path / README).read_bytes()
    assert readme.startswith(b"\xef\xbb\xbf")
    assert "disclosure verify" in readme.decode("utf-8-sig")


@pytest.mark.parametrize(
    "name",
    [INDEX, README, SUMS, "ledger.jsonl", "keys/keys.json", "manifest.jws", "manifest.json", f"{RELEASE}index.html"],
)
def test_any_file_changed_missing_or_added_is_found(archive: Path, tmp_path: Path, name: str) -> None:
    def flip(files: dict[str, bytes]) -> None:
        files[name] = files[name][:-2] + bytes([files[name][-2] ^ 1]) + files[name][-1:]

    assert problems(changed(archive, tmp_path, flip))
    assert problems(changed(archive, tmp_path, lambda files: files.pop(name)))
    assert problems(changed(archive, tmp_path, lambda files: files.update({f"{name}.more": b"x"})))
    assert problems(changed(archive, tmp_path, lambda _: None)) == []


def test_damaged_and_foreign_files_are_told_in_a_sentence(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    with zipfile.ZipFile(archive) as packed:
        places = [one.header_offset + 40 + len(one.filename.encode()) for one in packed.infolist()[::7]]
    # The last is in the list of names at the end.
    for place in (*places, len(content) - 30):
        damaged = tmp_path / "damaged.zip"
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
        assert problems(damaged), place
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 nothing")
    assert "不是归档包" in problems(tmp_path / "no.zip")[0]
    outside = changed(archive, tmp_path, lambda files: files.update({"../away.txt": b"x"}))
    assert "不合规定" in problems(outside)[0]


def test_the_command_makes_one_and_another_machine_verifies_it(archived: tuple[Bureau, Path], tmp_path: Path) -> None:
    bureau, _ = archived
    environment = {**bureau.installation.settings.own_environment, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "deployments.cli"]
    made = subprocess.run(
        [*command, "archive", str(YEAR), "--out", str(tmp_path)],
        env=environment, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    (file,) = tmp_path.glob("disclosure-archive-gaogang-2016-2016-*.zip")
    assert file.name in "".join(made.stdout.split())
    assert file.stat().st_mode & 0o077 == 0
    # No records, no keys, no settings there.
    elsewhere = {"PYTHONPATH": environment["PYTHONPATH"], "DISCLOSURE_HOME": str(tmp_path / "nothing")}
    told = subprocess.run(
        [*command, "verify", str(file)], env=elsewhere, check=True, capture_output=True, encoding="utf-8"
    )
    assert "归档包和其中 1 版全部与发布的一致" in told.stdout
    bad = changed(file, tmp_path, lambda files: files.update({INDEX: b"x"}))
    refused = subprocess.run(
        [*command, "verify", str(bad)], env=elsewhere, check=False, capture_output=True, encoding="utf-8"
    )
    assert refused.returncode == 1
    assert INDEX in refused.stdout
    with bureau.installation.records.read() as session:
        events = list(session.scalars(select(LedgerEntry).where(LedgerEntry.event == "archive.made")))
    assert json.loads(events[-1].details)["file"] == file.name


def test_a_year_that_is_not_over_or_not_there_is_refused(new_bureau: Callable[..., Bureau], tmp_path: Path) -> None:
    bureau = new_bureau()
    with pytest.raises(DisclosureError, match="2016年度还没有办完"):
        archive_year(bureau.installation, YEAR, tmp_path)
    with pytest.raises(DisclosureError, match="没有 2015 年的周期"):
        archive_year(bureau.installation, 2015, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_of_what_is_gone_or_was_changed(archived: tuple[Bureau, Path], tmp_path: Path) -> None:
    bureau = archived[0].copy_to(tmp_path / "home")
    installation: Installation = bureau.installation
    (report,) = installation.settings.reports.rglob("*.html")
    kept = report.read_bytes()
    report.unlink()
    with pytest.raises(DisclosureError, match="数据质量报告"):
        archive_year(installation, YEAR, tmp_path / "vault")
    report.write_bytes(kept)
    page = next(installation.settings.releases.rglob("index.html"))
    page.write_bytes(page.read_bytes() + b" ")
    with pytest.raises((DisclosureError, UnsoundRecordsError)):
        archive_year(installation, YEAR, tmp_path / "vault")
    assert not list((tmp_path / "vault").glob("*.zip"))
