"""Protects that anybody can prove what was published: each changed byte, wrong key, missing file is found from outside.

Figures: 泰州市高港区 2016 as its government published them. The files are checked as a stranger would, without records.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.cli.operations.verify import verify
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import from_environment
from disclosure.publication.proof.keys import published_keys, rotate
from disclosure.publication.proof.manifest import Manifest
from disclosure.publication.proof.signing import PublicKey, given_key, keys_json, public_key_of, sign
from disclosure.publication.proof.sources import FolderFiles
from disclosure.publication.proof.verification import VerifiedRelease, check, trusted_keys
from disclosure.publication.upkeep import recorded_site, show_recorded
from disclosure.records.checkpoints import Checkpoint
from tests.support.bureau import Bureau, bureau_at
from tests.support.self_check import first_problem

pytestmark = pytest.mark.records

RELEASE = "releases/2016-annual"
SIGNED_AT = dt.datetime(2026, 3, 15, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """高港区 2016, published."""
    home = tmp_path_factory.mktemp("published")
    bureau = bureau_at(home, f"sqlite:///{home / 'records.db'}")
    bureau.sign_all()
    bureau.publish()
    return bureau


@pytest.fixture
def published(published_once: Bureau, tmp_path: Path) -> Bureau:
    return published_once.copy_to(tmp_path / "home")


@pytest.fixture(scope="module")
def download(published_once: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, as somebody has downloaded it; every test leaves it as it was."""
    folder = tmp_path_factory.mktemp("download") / "site"
    shutil.copytree(published_once.site.resolve(), folder)
    return folder


def checked(folder: Path, *keys: PublicKey) -> list[VerifiedRelease]:
    source = FolderFiles(folder)
    return list(check(source, trusted_keys(source, keys)))


def problems(folder: Path, *keys: PublicKey) -> list[str]:
    """What is wrong with a folder, whether told of a file or of everything."""
    try:
        found = checked(folder, *keys)
    except DisclosureError as error:
        return [str(error)]
    return [told for one in found for told in (*one.problems, *one.files.values()) if told]


def test_what_was_published_is_right_and_names_approvals_and_ledger(download: Path, published_once: Bureau) -> None:
    (one,) = checked(download)
    assert one.is_right
    assert problems(download / RELEASE) == []  # One release's folder, with the list of keys two folders above it.
    manifest = Manifest.from_json((download / RELEASE / "manifest.json").read_bytes())
    gates = {each["gate"]: each for each in manifest.decisions}
    assert set(gates) == {"policy", "finance", "confidentiality", "leader"}
    assert gates["leader"]["digest"] == manifest.release["release_digest"]
    assert {gates[gate]["digest"] for gate in set(gates) - {"leader"}} == {manifest.release["compilation_digest"]}
    # The ledger that was sealed is the one there is, and its checkpoint is one of ours.
    assert one.ledger == f"第 {manifest.ledger['length']} 条，{manifest.ledger['head_hash']}"
    with published_once.installation.records.read() as session:
        ours = {key.id: key for key in published_keys(session, published_once.installation)}
    told = manifest.ledger
    checkpoint = Checkpoint(int(told["length"]), told["head_hash"], told["at"], told["signature"])
    assert ours[told["key"]].verify(bytes.fromhex(checkpoint.signature), checkpoint.signed_bytes)
    assert first_problem(published_once.installation) == ""
    private = published_once.installation.settings.home / "keys"
    assert [path.stat().st_mode & 0o777 for path in private.iterdir()] == [0o600]
    assert not any("PRIVATE" in path.read_text(errors="ignore") for path in download.rglob("*") if path.is_file())


def provable(folder: Path) -> list[Path]:
    return sorted(path for part in (RELEASE, "keys") for path in (folder / part).rglob("*") if path.is_file())


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_changed_anywhere_is_found(download: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(provable(download)))
    good = path.read_bytes()
    place, other = data.draw(st.integers(0, len(good) - 1)), data.draw(st.integers(1, 255))
    path.write_bytes(good[:place] + bytes([good[place] ^ other]) + good[place + 1 :])
    try:
        assert problems(download)
    finally:
        path.write_bytes(good)


def test_every_byte_of_signature_and_key_list_counts(download: Path) -> None:
    source = FolderFiles(download)
    keys = trusted_keys(source)
    for path in (download / RELEASE / "manifest.jws", download / "keys/keys.jws", download / "keys/keys.json"):
        good = path.read_bytes()
        for place in range(len(good)):
            path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
            if path.name == "manifest.jws":
                assert not next(check(source, keys)).is_right
            else:
                with pytest.raises(DisclosureError):
                    trusted_keys(source)
        for wrong in (good + b"\n", good[:-1], b"", good + good):
            path.write_bytes(wrong)
            assert problems(download), (path.name, wrong)
        path.write_bytes(good)
    assert problems(download) == []


def test_missing_and_surplus_files_are_told(download: Path, tmp_path: Path) -> None:
    for path in provable(download):
        good = path.read_bytes()
        path.unlink()
        assert any(path.name in told for told in problems(download)), path
        path.write_bytes(good)
    surplus = download / RELEASE / "data/more.csv"
    surplus.write_text("1")
    assert problems(download) == [f"多出文件 {RELEASE}/data/more.csv：它不在核验清单里，不是这次发布的内容。"]
    surplus.unlink()
    shutil.copytree(download / RELEASE, tmp_path / "one")
    assert "没有公钥列表" in problems(tmp_path / "one")[0]
    for name in ("keys.json", "keys.jws"):
        shutil.copy(download / "keys" / name, tmp_path / "one")
    assert problems(tmp_path / "one") == []
    shutil.rmtree(tmp_path / "one")
    (tmp_path / "one").mkdir()
    assert "没有核验清单" in problems(tmp_path / "one", given_key(json.loads(keys_of(download))["keys"][0]["x"]))[0]


def keys_of(folder: Path) -> str:
    return (folder / "keys/keys.json").read_text()


def test_wrong_key_and_key_out_of_its_time_are_told(download: Path) -> None:
    stranger = given_key(public_key_of(Ed25519PrivateKey.generate()))
    assert "不在公布的公钥列表" in problems(download, stranger)[0]
    right = next(each["x"] for each in json.loads(keys_of(download))["keys"] if each["purpose"] == "publication")
    assert problems(download, given_key(right)) == []
    with pytest.raises(DisclosureError, match="43 个字符"):
        given_key(right[:-1])

    # A forger's site is whole in itself; the key that people got elsewhere tells it.
    manifest, jws = download / RELEASE / "manifest.json", download / RELEASE / "manifest.jws"
    listed, seal = download / "keys/keys.json", download / "keys/keys.jws"
    kept = {path: path.read_bytes() for path in (manifest, jws, listed, seal)}
    forger = Ed25519PrivateKey.generate()
    since = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for until, at, told in (
        (None, SIGNED_AT, ""),
        (None, since - dt.timedelta(seconds=1), "不在有效期内"),
        (SIGNED_AT - dt.timedelta(seconds=1), SIGNED_AT, "不在有效期内"),
        (SIGNED_AT, SIGNED_AT, ""),
    ):
        key = PublicKey(public_key_of(forger), "publication", since, until)
        listed.write_bytes(keys_json([key]))
        seal.write_bytes(sign(listed.read_bytes(), forger, key.id, since).encode())
        jws.write_bytes(sign(manifest.read_bytes(), forger, key.id, at).encode())
        assert (problems(download) == []) is (not told)
        assert told in "".join(problems(download))
        assert "不在公布的公钥列表" in problems(download, given_key(right))[0]
    # A key of the ledger signs no manifest.
    listed.write_bytes(keys_json([PublicKey(public_key_of(forger), "ledger", since)]))
    assert "不认识的钥匙" in problems(download)[0]
    for path, content in kept.items():
        path.write_bytes(content)


def test_replaced_key_signs_from_then_on_and_old_signatures_stay(published: Bureau) -> None:
    installation = published.installation
    before = (published.site / RELEASE / "manifest.jws").read_bytes()
    old = json.loads((published.site / "keys/keys.json").read_text())["keys"]
    made = rotate(installation)
    assert [path.stem for path in (installation.settings.home / "keys").iterdir()] == [made.id]
    assert show_recorded(installation, from_environment)
    assert (published.site / RELEASE / "manifest.jws").read_bytes() == before
    listed = json.loads((published.site / "keys/keys.json").read_text())["keys"]
    assert {each["kid"] for each in listed} == {made.id, *(each["kid"] for each in old)}
    assert [("exp" in each) for each in listed if each["purpose"] == "publication"] == [False, True]
    assert problems(published.site) == []
    # The same records give the same bytes, on any day.
    assert not show_recorded(installation, from_environment)
    # A key that is lost is told, with what to do.
    (installation.settings.home / "keys" / f"{made.id}.pem").unlink()
    with pytest.raises(DisclosureError, match="disclosure keys rotate"):
        recorded_site(installation)
    rotate(installation)
    assert recorded_site(installation)


@pytest.fixture
def address(download: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(download))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_command_checks_folders_and_addresses(download: Path, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(keys_of(download))["keys"]
    right = next(each["x"] for each in listed if each["purpose"] == "publication")
    for where in (str(download), f"{address}/", f"{address}/{RELEASE}/index.html"):
        verify(where, key=right)
        told = capsys.readouterr().out
        assert "1 期全部与发布的一致" in told
        assert "台账检查点  第 " in told
    verify(address, key=str(download / "keys/keys.json"))
    page = download / RELEASE / "index.html"
    good = page.read_bytes()
    page.write_bytes(good.replace(b"52,002", b"52,003"))
    for where in (str(download), address, f"{address}/{RELEASE}"):
        with pytest.raises(SystemExit) as ended:
            verify(where)
        assert ended.value.code == 1
        assert "index.html 的内容与发布的不符。" in capsys.readouterr().out
    page.unlink()
    with pytest.raises(SystemExit):
        verify(address)
    assert f"缺少文件 {RELEASE}/index.html。" in capsys.readouterr().out
    page.write_bytes(good)
    for where, words in (
        (f"{address}/none", "没有核验清单"),
        ("nowhere", "没有文件夹"),
        ("http://127.0.0.1:1", "读不到"),
        ("http://[", "读不到"),
    ):
        with pytest.raises(DisclosureError, match=words):
            verify(where)


def test_command_needs_nothing_but_the_files(download: Path, tmp_path: Path) -> None:
    """In a process of its own that has no records, no settings and no way to make any."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DISCLOSURE_")}
    environment |= {"DISCLOSURE_HOME": "/proc/nowhere", "PYTHONPATH": os.pathsep.join(sys.path)}
    jws = download / RELEASE / "manifest.jws"
    good = jws.read_bytes()
    jws.write_bytes(good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])
    ran = subprocess.run(
        [sys.executable, "-m", "deployments.cli", "verify", str(download)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=environment,
        cwd=tmp_path,
    )
    jws.write_bytes(good)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "的签名" in ran.stdout
    assert "1 期中有 1 期与发布的不一致" in ran.stdout
