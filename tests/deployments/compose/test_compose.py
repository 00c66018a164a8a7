"""Protects the container files by reading them: closed services, https in front, nothing secret in them, and that what
they name exists. No engine runs here; what only an engine can show is not claimed (docs/operations.md)."""

from __future__ import annotations

import ipaddress
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.routing import Route

from deployments.cli import app
from deployments.operating.routes import make_operating_routes
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deployments" / "compose"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CADDY = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def instructions() -> list[tuple[str, str]]:
    """Every instruction of the Containerfile with its argument, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (FOLDER / "Containerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    pairs = (line.partition(" ") for line in lines if line.strip())
    return [(name, argument.strip()) for name, _, argument in pairs]


def said(name: str) -> list[str]:
    return [argument for instruction, argument in instructions() if instruction == name]


def test_only_known_instructions_in_an_order_that_builds() -> None:
    known = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "EXPOSE", "VOLUME", "HEALTHCHECK", "STOPSIGNAL"}
    names = [name for name, _ in instructions()]
    assert set(names) <= known | {"ENTRYPOINT", "CMD"}
    assert names[0] == "FROM"
    assert len(said("FROM")) == len(said("ENTRYPOINT")) == len(said("CMD")) == 1
    # Whoever becomes the user comes after everything that is installed.
    assert names.index("USER") > max(place for place, name in enumerate(names) if name in {"RUN", "COPY"})
    assert int(said("USER")[0]) > 1000
    for argument in (*said("ENTRYPOINT"), *said("CMD"), *said("VOLUME")):
        assert isinstance(json.loads(argument), list)


def test_what_is_copied_exists_and_is_all_that_the_product_needs() -> None:
    copied = {source.rstrip("/") for argument in said("COPY") for source in argument.split()[:-1]}
    assert [source for source in copied if not (ROOT / source).exists()] == []
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert {*packages, "templates", "docs", "tools", "requirements.lock", "requirements-extras.lock"} <= copied
    # Only that is sent to whoever builds: no .git, no var, no .venv.
    sent = (FOLDER / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert sent[1] == "*"
    assert {line.removeprefix("!") for line in sent if line.startswith("!")} == copied


def test_the_image_installs_by_hash_and_carries_no_settings() -> None:
    assert any("tools/setup.sh extras" in argument for argument in said("RUN"))
    assert not any(word in argument for argument in said("RUN") for word in ("curl", "wget", "pip install"))
    assert said("COPY") == [argument for argument in said("COPY") if "://" not in argument]
    words = " ".join(said("ENV"))
    assert not re.search(r"KEY|SECRET|PASSWORD|TOKEN", words)
    named = re.findall(r"DISCLOSURE_([A-Z_]+)=", words)
    assert named
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_the_commands_and_addresses_are_those_of_the_product(tmp_path: Path) -> None:
    entry, command = (json.loads(argument)[0] for name in ("ENTRYPOINT", "CMD") for argument in said(name))
    assert entry == "disclosure"
    _, _, ignored = app.parse_commands([command])
    assert ignored == []
    installation = Installation(Settings(home=tmp_path, profile="gaogang-2016"))
    paths = {route.path for route in make_operating_routes(installation) if isinstance(route, Route)}
    (check,) = said("HEALTHCHECK")
    in_image = json.loads(check.partition("CMD ")[2])
    assert SERVICES["disclosure"]["healthcheck"]["test"] == ["CMD", *in_image]
    address = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", in_image[-1])
    assert address is not None
    assert (int(address[1]), address[2] in paths) == (Settings(home=tmp_path).server_port, True)
    assert said("EXPOSE") == [address[1]]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_closed(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service.get("cap_add", ())) <= {
        "NET_BIND_SERVICE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID",
    }  # fmt: skip
    assert not service.keys() & {"privileged", "network_mode", "pid", "ipc", "devices", "user"}
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    assert re.search(r":[0-9][^:]*$", service["image"]), "an image without its version is another one tomorrow"
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", ()))


def test_only_caddy_is_reached_from_outside_and_only_the_door_reaches_the_records() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]
    assert {port.rpartition(":")[0] for port in SERVICES["caddy"]["ports"]} == {"443", "80"}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    inside = {name for name, service in SERVICES.items() if "inside" in service["networks"]}
    assert inside == {"records", "disclosure"}
    assert list(SERVICES["records"]["networks"]) == ["inside"]


def test_caddys_address_alone_is_believed_about_visitors() -> None:
    address = SERVICES["caddy"]["networks"]["front"]["ipv4_address"]
    assert SERVICES["disclosure"]["environment"]["DISCLOSURE_TRUSTED_PROXIES"] == address
    (range_,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(range_["subnet"])


def test_nothing_secret_stands_in_the_files_and_every_setting_is_one() -> None:
    environment = SERVICES["disclosure"]["environment"]
    names = {name.removeprefix("DISCLOSURE_").lower() for name in environment} - {"config"}
    assert names <= set(Settings.model_fields)
    assert environment["DISCLOSURE_PUBLIC_URL"].startswith("https://")
    assert not names & {"database_url", "server_database_url", "secret_key", "metrics_token", "openid_client_secret"}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or value.startswith("/run/secrets/"), name
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"secrets/", ".env"} <= set(ignored)
    example = tomllib.loads((FOLDER / "disclosure.example.toml").read_text(encoding="utf-8"))
    assert set(example) <= set(Settings.model_fields)


def test_every_question_of_the_compose_file_is_answered_by_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (FOLDER / "compose.yaml").read_text(encoding="utf-8")))
    example = (FOLDER / "example.env").read_text(encoding="utf-8")
    answered = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert asked == answered


def test_files_and_volumes_that_are_mounted_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.rsplit(":", 2)[0] if volume.endswith(":ro") else volume.rsplit(":", 1)[0]
            if source.startswith("./"):
                assert (FOLDER / source).is_file(), source
            elif not source.startswith("${"):
                assert source in COMPOSE["volumes"], source


def test_caddy_speaks_https_for_the_door_and_keeps_metrics_inside() -> None:
    assert CADDY.count("{") == CADDY.count("}")
    assert "tls /run/secrets/tls_certificate /run/secrets/tls_key" in CADDY
    assert set(SERVICES["caddy"]["secrets"]) == {"tls_certificate", "tls_key"}
    (upstream,) = re.findall(r"reverse_proxy (\S+)", CADDY)
    assert upstream == f"disclosure:{Settings().server_port}"
    assert re.search(r"@operating path /metrics /metrics/\*\n\trespond @operating 404", CADDY)
    # No certificate is asked for outside, and nobody steers it.
    assert "auto_https disable_certs" in CADDY
    assert "admin off" in CADDY


def test_the_image_is_of_this_version() -> None:
    assert SERVICES["disclosure"]["image"] == f"localhost/disclosure:{VERSION}"
    build = SERVICES["disclosure"]["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
    # `up` is given the time that its parts take to stop.
    assert SERVICES["disclosure"]["stop_grace_period"] == "90s"
    assert SERVICES["disclosure"]["init"] is True
