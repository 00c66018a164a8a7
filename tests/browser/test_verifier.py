"""Protects the page by which anybody checks a release: on the site and saved to a disk, in Debian's Chromium.

The site is the demonstration's. Every fault made here is one that ``disclosure verify`` finds as well.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Locator, Page, expect

from disclosure.platform.errors import DisclosureError
from disclosure.publication.proof.signing import PublicKey, keys_json, public_key_of, sign
from disclosure.publication.proof.sources import FolderFiles
from disclosure.publication.proof.verification import check, trusted_keys

pytestmark = pytest.mark.browser

RELEASE = "releases/2025-annual"


@pytest.fixture(scope="module")
def saved(public_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody has saved: ``verify.html``, and apart from it ``2025-annual`` and ``keys``."""
    folder = tmp_path_factory.mktemp("saved")
    shutil.copy(public_site / "verify.html", folder)
    shutil.copytree(public_site / RELEASE, folder / "down/2025-annual")
    shutil.copytree(public_site / "keys", folder / "down/keys")
    return folder


@pytest.fixture
def verifier(page: Page, saved: Path) -> Page:
    page.goto((saved / "verify.html").as_uri())
    return page


def verdict(page: Page) -> Locator:
    return page.get_by_role("status")


def choose(page: Page, folder: Path) -> str:
    """Choose a folder and wait for the verdict; its kind."""
    page.evaluate("document.getElementById('verdict').dataset.kind = 'none'")
    page.get_by_label("选择整个文件夹").set_input_files(folder)
    settled = page.locator("#verdict[data-kind=right], #verdict[data-kind=wrong]")
    settled.wait_for()
    return str(settled.get_attribute("data-kind"))


def by_command(folder: Path) -> str:
    """What the command says of the same folder."""
    try:
        source = FolderFiles(folder)
        found = list(check(source, trusted_keys(source)))
    except DisclosureError:
        return "wrong"
    return "right" if all(one.is_right for one in found) else "wrong"


def row(page: Page, name: str) -> Locator:
    return page.locator("#results tr", has=page.get_by_role("rowheader", name=name, exact=True))


def test_saved_page_proves_a_saved_folder(verifier: Page, saved: Path) -> None:
    expect(verifier.get_by_role("heading", name="核验网站上的一期")).to_be_hidden()
    assert choose(verifier, saved / "down") == "right"
    manifest = json.loads((saved / "down/2025-annual/manifest.json").read_text())
    expect(verdict(verifier)).to_have_text(f"核验通过：{len(manifest['files'])} 个文件与公布的逐字节一致，签名有效。")
    expect(verifier.get_by_role("table", name=f"{manifest['release']['title']}　down/2025-annual/")).to_be_visible()
    expect(row(verifier, "disclosure.pdf")).to_contain_text("✓ 与公布的一致")
    expect(row(verifier, "manifest.json")).to_contain_text("2026/3/15 09:00:00")
    expect(row(verifier, "台账检查点")).to_contain_text(f"✓ 第 82 条，{'2014' * 16}，签名有效")
    expect(row(verifier, "down/keys/keys.json")).to_contain_text("✓ 签名有效")
    verifier.set_viewport_size({"width": 360, "height": 740})
    assert verifier.evaluate("document.documentElement.scrollWidth") == 360


def test_single_files_are_proven_and_the_rest_is_not_claimed(verifier: Page, saved: Path, tmp_path: Path) -> None:
    release = saved / "down/2025-annual"
    chosen = [release / name for name in ("manifest.json", "manifest.jws", "print/large.pdf", "figures.csv")]
    verifier.get_by_label("选择文件（").set_input_files(chosen)
    expect(verdict(verifier)).to_contain_text("放进来的 2 个文件与公布的逐字节一致")
    expect(row(verifier, "large.pdf")).to_contain_text("✓ 与公布的一致")
    expect(row(verifier, "index.html")).to_contain_text("– 没有放进来，没有核验")
    other = tmp_path / "figures.csv"
    other.write_bytes((release / "figures.csv").read_bytes() + b" ")
    verifier.get_by_label("选择文件（").set_input_files([*chosen[:3], other])
    expect(verdict(verifier)).to_contain_text("核验不通过：发现 1 处")
    expect(row(verifier, "figures.csv")).to_contain_text("✗ 内容与公布的不符")
    verifier.get_by_label("选择文件（").set_input_files([release / "figures.csv"])
    expect(verdict(verifier)).to_contain_text("没有找到核验清单")


def test_dropped_folder_is_read_to_its_depth(verifier: Page, saved: Path) -> None:
    """As ``DataTransfer`` gives it: an entry that is walked."""
    release = saved / "down/2025-annual"
    texts = {name: (release / name).read_text() for name in ("manifest.json", "manifest.jws")}
    verifier.evaluate(
        """texts => {
            const files = Object.entries(texts).map(([name, text]) => ({
                isFile: true, fullPath: "/2025-annual/" + name, file: done => done(new File([text], name)) }));
            const pages = [files, []];
            const folder = { isFile: false, createReader: () => ({ readEntries: done => done(pages.shift()) }) };
            const event = new Event("drop", { cancelable: true });
            event.dataTransfer = { items: [{ webkitGetAsEntry: () => folder }] };
            document.getElementById("drop").dispatchEvent(event);
        }""",
        texts,
    )
    expect(verdict(verifier)).to_contain_text("核验不通过")
    expect(row(verifier, "index.html")).to_contain_text("✗ 缺少这个文件")


def test_both_verifiers_find_a_changed_byte_wherever_it_is(verifier: Page, saved: Path) -> None:
    down = saved / "down"
    proven = sorted(path for path in down.rglob("*") if path.is_file())

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def tamper(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(proven))
        good = path.read_bytes()
        place, other = data.draw(st.integers(0, len(good) - 1)), data.draw(st.integers(1, 255))
        path.write_bytes(good[:place] + bytes([good[place] ^ other]) + good[place + 1 :])
        try:
            assert (choose(verifier, down), by_command(down)) == ("wrong", "wrong"), (path, place)
        finally:
            path.write_bytes(good)

    tamper()
    for path in (down / "2025-annual/manifest.json", down / "2025-annual/manifest.jws", *(down / "keys").iterdir()):
        good = path.read_bytes()
        # The last letter of a signature has bits that a lenient reader ignores.
        for wrong in (good[:-1] + bytes([good[-1] ^ 1]), bytes([good[0] ^ 1]) + good[1:], good + b"\n"):
            path.write_bytes(wrong)
            assert (choose(verifier, down), by_command(down)) == ("wrong", "wrong"), path
        path.write_bytes(good)
    assert (choose(verifier, down), by_command(down)) == ("right", "right")


def test_missing_and_surplus_files_are_found(verifier: Page, saved: Path) -> None:
    down = saved / "down"
    for name, told in (
        ("2025-annual/disclosure.pdf", "✗ 缺少这个文件"),
        ("2025-annual/manifest.jws", "✗ 缺少这个文件"),
        ("2025-annual/manifest.json", "✗ 缺少这个文件"),
    ):
        good = (down / name).read_bytes()
        (down / name).unlink()
        assert (choose(verifier, down), by_command(down)) == ("wrong", "wrong"), name
        expect(row(verifier, name.split("/")[1])).to_contain_text(told)
        (down / name).write_bytes(good)
    surplus = down / "2025-annual/data/more.csv"
    surplus.write_text("1")
    assert choose(verifier, down) == "wrong"
    expect(row(verifier, "data/more.csv")).to_contain_text("✗ 多出的文件")
    surplus.unlink()


def test_wrong_key_and_key_out_of_its_time_are_found(page: Page, saved: Path) -> None:
    down, private = saved / "down", Ed25519PrivateKey.generate()
    day = dt.datetime(2026, 3, 15, tzinfo=dt.UTC)
    manifest, jws = down / "2025-annual/manifest.json", down / "2025-annual/manifest.jws"
    good, shown = jws.read_bytes(), (saved / "verify.html").read_text()

    def trusting(*keys: PublicKey) -> Callable[[re.Match[str]], str]:
        return lambda found: found[1] + json.dumps(json.loads(keys_json(keys))) + found[2]

    for key, at, told in (
        (PublicKey(public_key_of(Ed25519PrivateKey.generate()), "publication", day), day, "不认识的钥匙"),
        (PublicKey(public_key_of(private), "ledger", day), day, "不认识的钥匙"),
        (PublicKey(public_key_of(private), "publication", day), day, "✓ 签名有效"),
        (PublicKey(public_key_of(private), "publication", day), day - dt.timedelta(days=1), "不在有效期内"),
        (PublicKey(public_key_of(private), "publication", day, day), day + dt.timedelta(days=1), "不在有效期内"),
    ):
        jws.write_bytes(sign(manifest.read_bytes(), private, key_id(private), at).encode())
        changed = re.sub(r'(<script type="application/json" id="keys">).*?(</script>)', trusting(key), shown)
        (saved / "other.html").write_text(changed)
        page.goto((saved / "other.html").as_uri())
        choose(page, down / "2025-annual")
        expect(row(page, "manifest.json")).to_contain_text(told)
    jws.write_bytes(good)


def key_id(private: Ed25519PrivateKey) -> str:
    return PublicKey(public_key_of(private), "publication", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)).id


def test_release_on_the_site_is_proven_where_it_stands(watched: Page, address: str, public_site: Path) -> None:
    watched.goto(f"{address}/index.html")
    watched.get_by_role("navigation", name="网站导航").get_by_role("link", name="核验").click()
    choice = watched.get_by_label("选择一期")
    expect(choice).to_contain_text("2025年度楚雄州社会保险信息披露（第1版）")
    watched.get_by_role("button", name="开始核验").click()
    expect(verdict(watched)).to_contain_text("核验通过")
    expect(row(watched, "keys/keys.json")).to_contain_text("✓ 签名有效")
    pdf = public_site / RELEASE / "disclosure.pdf"
    good = pdf.read_bytes()
    pdf.write_bytes(good[:-2] + b"\n\n")
    watched.get_by_role("button", name="开始核验").focus()
    watched.keyboard.press("Enter")
    expect(verdict(watched)).to_contain_text("核验不通过：发现 1 处")
    expect(row(watched, "disclosure.pdf")).to_contain_text("✗ 内容与公布的不符")
    pdf.write_bytes(good)
