"""Protects a running office from its neighbours: other users, other pages, other machines, a second start."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path

import httpx
import pytest

from deployments import local
from deployments.doctor import check_environment
from disclosure.catalog import load_catalog
from disclosure.platform.errors import DisclosureError
from disclosure.platform.private_files import close_to_others, exposed_paths
from disclosure.platform.settings import Settings
from disclosure.publication.channels.folder import FolderVersions
from disclosure.publication.channels.versions import VersionsChannel
from disclosure.publication.contents.tree import Tree
from tests.support import servers
from tests.support.office import Office

NOBODY = 65534
KEPT = ("records.db", "secret.key", "releases/x/index.html", "reports/y.html", "prefect/prefect.db")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", server_port=servers.free_port(), prefect_port=servers.free_port())


def spread(settings: Settings) -> None:
    """Leave a home as an older version did: readable by everybody, with a published site in it."""
    for name in KEPT:
        path = settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
        path.chmod(0o644)
    for folder in (settings.home, *(path for path in settings.home.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    site = VersionsChannel(FolderVersions(settings.home / "site"), "渠道“网站”")
    old = os.umask(0o077)
    try:
        site.switch(site.stage(Tree.of({"index.html": b"public", "deep/er/page.html": b"public"})))
    finally:
        os.umask(old)


def others_can_read(path: Path, above: Path) -> bool:
    """Whether another user can read ``path``: tried as one, where the test may become another user."""
    if os.getuid() == 0:
        as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
        return subprocess.run(["cat", str(path)], check=False, capture_output=True, **as_nobody).returncode == 0
    folders = [folder for folder in path.resolve().parents if folder.is_relative_to(above)]
    wanted = [(path, 0o004), *((folder, 0o001) for folder in folders)]
    return all(stat.S_IMODE(each.stat().st_mode) & mode == mode for each, mode in wanted)


@pytest.mark.unit
def test_another_user_reads_the_site_and_nothing_else(settings: Settings, tmp_path: Path) -> None:
    spread(settings)
    # pytest's own folders above are closed to others too.
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder not in (Path("/"), Path("/tmp")):  # noqa: S108
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o011)
    assert others_can_read(settings.home / "secret.key", tmp_path)
    catalog = load_catalog(settings.profile)
    checks = {check.name: check for check in check_environment(settings, catalog)}
    assert (checks["权限"].status, "现已改为只有本用户能打开" in checks["权限"].found) == ("warn", True)
    assert [name for name in KEPT if others_can_read(settings.home / name, tmp_path)] == []
    assert others_can_read(settings.home / "site" / "index.html", tmp_path)
    assert others_can_read(settings.home / "site" / "deep" / "er" / "page.html", tmp_path)
    again = {check.name: check for check in check_environment(settings, catalog)}
    assert again["权限"].status == "ok"


@pytest.mark.unit
def test_inboxes_stay_as_the_operator_shares_them(settings: Settings) -> None:
    inbox = settings.inbox / "social_insurance_centre"
    inbox.mkdir(parents=True)
    inbox.chmod(0o770)
    settings.home.chmod(0o711)
    shared = local.shared_folders(settings, load_catalog(settings.profile))
    assert list(exposed_paths(settings.home, shared)) == []


@pytest.mark.unit
def test_what_is_made_from_now_on_is_private(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        close_to_others()
        (tmp_path / "made").write_text("x", encoding="utf-8")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o600


@pytest.mark.unit
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "office.example.cn"])  # noqa: S104
def test_beyond_this_machine_nothing_listens_unencrypted(settings: Settings, host: str) -> None:
    opened = settings.model_copy(update={"server_host": host})
    with pytest.raises(DisclosureError, match="不加密"), local.running(opened):
        pass


@pytest.mark.unit
def test_a_taken_port_is_named(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.prefect_port))
        taken.listen()
        with pytest.raises(DisclosureError, match=f"端口 {settings.prefect_port} 已被别的程序占用.*PREFECT_PORT"):
            local.refuse_taken_port(settings)


@pytest.mark.flows
def test_a_page_from_elsewhere_may_neither_read_nor_change(office: Office) -> None:
    api = f"{office.settings.prefect_url}/api"
    asked = {"Origin": "http://elsewhere.example", "Access-Control-Request-Method": "PATCH"}
    preflight = httpx.options(f"{api}/deployments/x", headers=asked, trust_env=False, timeout=120)
    assert "access-control-allow-origin" not in preflight.headers
    read = httpx.get(f"{api}/health", headers={"Origin": "http://elsewhere.example"}, trust_env=False, timeout=120)
    assert "access-control-allow-origin" not in read.headers
    # Without the credential of this start nothing is read, not even by this machine.
    assert (
        httpx.post(f"{api}/flow_runs/filter", json={}, trust_env=False, timeout=120).status_code
        == httpx.codes.UNAUTHORIZED
    )
    assert office.api("POST", "/flow_runs/filter", {}).is_success


@pytest.mark.flows
def test_a_second_start_on_one_home_is_refused_and_the_first_goes_on(office: Office) -> None:
    twin = office.settings.model_copy(update={"server_port": servers.free_port(), "prefect_port": servers.free_port()})
    with pytest.raises(DisclosureError, match=r"已由另一个 disclosure up（进程 \d+）在用"), local.running(twin):
        pass
    assert local.is_up(office.settings)
