"""Protects settings: which source counts, what a child process gets, and that nothing secret or wrong slips through."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from disclosure.platform.settings import Settings

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The file the environment names (``tests/conftest.py``); it does not exist yet."""
    return tmp_path / "disclosure.toml"


def test_arguments_over_environment_over_file_over_defaults(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().profile == "chuxiong"
    config.write_text('profile = "kunming-2017"\nserver_port = 4300\n', encoding="utf-8")
    assert (Settings().profile, Settings().server_port, Settings().prefect_port) == ("kunming-2017", 4300, 4201)
    monkeypatch.setenv("DISCLOSURE_PROFILE", "gaogang-2016")
    assert (Settings().profile, Settings().server_port) == ("gaogang-2016", 4300)
    assert Settings(profile="chuxiong").profile == "chuxiong"


def test_an_unknown_setting_in_the_file_is_refused(config: Path) -> None:
    config.write_text('profle = "chuxiong"\n', encoding="utf-8")
    with pytest.raises(ValidationError, match="profle"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server_port", "0"),
        ("server_port", "65536"),
        ("prefect_port", "x"),
        ("public_url", "example.cn"),
        ("public_url", "https://a/b"),
        ("runner_poll_seconds", "0.1"),
    ],
)
def test_a_value_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DISCLOSURE_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_everything_lies_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=Path("here"))
    home = tmp_path / "here"
    assert settings.home == home
    places = [settings.files, settings.workbooks, settings.reports, settings.releases, settings.logs]
    places += [settings.prefect_home, settings.secret_key_file]
    assert all(place.parent == home for place in places)
    assert len(set(places)) == len(places)
    assert settings.records_url == f"sqlite:///{home / 'records.db'}"
    assert Settings(database_url="postgresql+psycopg://x/y").records_url == "postgresql+psycopg://x/y"


def test_a_child_process_gets_this_very_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Settings(
        home=tmp_path / "家",
        profile="gaogang-2016",
        database_url="postgresql+psycopg://u:p@h/d",
        server_port=4300,
        public_url="https://pilu.example.cn",
        host_names="pilu,10.1.2.3",
        tls_certificate=tmp_path / "tls.crt",
        tls_key=tmp_path / "tls.key",
        trusted_proxies="10.1.2.4",
        openid_issuer="https://login.example.cn",
        openid_client_id="pilu",
        openid_client_secret="wort",  # type: ignore[arg-type]
        openid_claim="xm",
        prefect_port=4301,
        prefect_auth="admin:geheim",  # type: ignore[arg-type]
        checkpoint_copy=tmp_path / "copy",
        backup_folder=tmp_path / "backups",
        backup_recipients="age1qqqq",
        backup_keep=7,
        metrics_token="marke",  # type: ignore[arg-type]
        secret_key="key",  # type: ignore[arg-type]
        runner_poll_seconds=2.5,
        runner_is_warm=False,
    )
    for name, value in here.own_environment.items():
        monkeypatch.setenv(name, value)
    assert Settings() == here
    assert set(here.own_environment) == {f"DISCLOSURE_{name.upper()}" for name in Settings.model_fields}


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, prefect_auth="admin:geheim", secret_key="schluessel")  # type: ignore[arg-type]
    shown = f"{settings!r} {settings} {settings.model_dump_json()}"
    assert "geheim" not in shown
    assert "schluessel" not in shown


def test_prefect_is_told_what_it_must_know(tmp_path: Path) -> None:
    environment = Settings(home=tmp_path, server_port=4300, prefect_port=4301).prefect_environment
    # No way out of the building, the UI that has Resume, and an address it finds on another port.
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["PREFECT_SERVER_UI_V2_ENABLED"] == "false"
    assert environment["PREFECT_API_URL"] == "http://127.0.0.1:4301/api"
    assert environment["PREFECT_SERVER_UI_API_URL"] == "http://127.0.0.1:4300/prefect/api"
    assert environment["PREFECT_SERVER_API_HOST"] == "127.0.0.1"
    assert environment["PREFECT_HOME"].startswith(str(tmp_path))
    # It is spoken to by http; what would be trusted by https vouches for nobody.
    trusted = ssl.create_default_context(cafile=environment["PREFECT_API_SSL_CERT_FILE"])
    assert trusted.cert_store_stats() == {"x509": 1, "crl": 0, "x509_ca": 0}
    assert not any("AUTH" in name or "DATABASE" in name for name in environment)
    guarded = Settings(home=tmp_path, prefect_auth="admin:x", server_database_url="sqlite+aiosqlite:///p.db")  # type: ignore[arg-type]
    assert guarded.prefect_environment["PREFECT_SERVER_API_AUTH_STRING"] == "admin:x"
    assert guarded.prefect_environment["PREFECT_API_AUTH_STRING"] == "admin:x"
    assert guarded.prefect_environment["PREFECT_API_DATABASE_CONNECTION_URL"] == "sqlite+aiosqlite:///p.db"


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings(home=tmp_path).profile = "x"
