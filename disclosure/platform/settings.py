"""Every setting of the product, in one class.

Order of precedence: arguments, ``DISCLOSURE_*`` environment variables, ``disclosure.toml`` in the current
folder (or the file ``DISCLOSURE_CONFIG`` names), defaults.
"""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

#: The time people read; records are kept in UTC.
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: What keeps Prefect, server and client, and whatever else heeds it from telling anybody outside of their use.
NO_TELEMETRY = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
_NO_AUTHORITY = Path(__file__).with_name("no_authority.pem")


def switch_telemetry_off() -> None:
    """Set in this process what nobody has said otherwise; called before a part of ours imports Prefect."""
    os.environ.update({**NO_TELEMETRY, **os.environ})


class Settings(BaseSettings):
    """Where things lie and how to reach them."""

    model_config = SettingsConfigDict(env_prefix="DISCLOSURE_", extra="forbid", frozen=True)

    home: Path = Field(default=Path("var"), description="一切运行结果所在的文件夹")
    profile: str = Field(default="chuxiong", description="地区配置的名称或文件夹")
    database_url: str = Field(default="", description="记录库的 SQLAlchemy 地址；空为 home 下的 SQLite 文件")
    server_host: str = Field(default="127.0.0.1", description="大家打开的入口监听的地址")
    server_port: int = Field(default=4200, ge=1, le=65535, description="大家打开的入口的端口")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s?#@]+)?$",
        description="大家在浏览器里打开的地址，如 https://pilu.example.cn；空为本机地址，别的机器要用时必须是 https",
    )
    host_names: str = Field(default="", description="入口还认哪些主机名，用逗号隔开；本机的和 public_url 里的不必写")
    tls_certificate: Path | None = Field(default=None, description="入口自己用 https 时的证书文件（PEM）")
    tls_key: Path | None = Field(default=None, description="入口自己用 https 时的私钥文件（PEM）")
    trusted_proxies: str = Field(
        default="", description="替我们接 https 的反向代理的地址，用逗号隔开；它说的来访者地址才算数"
    )
    openid_issuer: str = Field(default="", description="单位统一登录（OpenID Connect）的签发者地址；空为不用")
    openid_client_id: str = Field(default="", description="统一登录给本系统的客户端编号")
    openid_client_secret: SecretStr | None = Field(default=None, description="统一登录给本系统的客户端口令")
    openid_claim: str = Field(default="name", description="统一登录的哪一项是登记的姓名")
    metrics_token: SecretStr | None = Field(
        default=None, description="取运行指标 /metrics 的口令；空则只有本机、且没有对外地址时才能取"
    )
    prefect_port: int = Field(default=4201, ge=1, le=65535, description="Prefect 服务的端口，只在本机监听")
    prefect_auth: SecretStr | None = Field(
        default=None, description="Prefect 服务的 用户名:口令，每次启动自动新做，不必设置"
    )
    server_database_url: str = Field(default="", description="Prefect 自己的数据库；空为 home 下的 SQLite 文件")
    secret_key: SecretStr | None = Field(default=None, description="加密审核人密钥的钥匙；空则用 home/secret.key")
    checkpoint_copy: Path | None = Field(
        default=None, description="台账检查点另存的文件夹，最好在别的磁盘或机器上；空为不另存"
    )
    backup_folder: Path | None = Field(
        default=None, description="disclosure backup 把备份放进的文件夹，最好在别的磁盘或机器上"
    )
    backup_recipients: str = Field(
        default="",
        description="备份用哪些公钥加密（age1 开头，用逗号隔开）；私钥由 disclosure backup key 生成，另处保管",
    )
    backup_keep: int = Field(default=30, ge=2, le=10_000, description="留最近几份备份，更早的在做完新的一份以后删去")
    runner_poll_seconds: float = Field(default=0.3, ge=0.2, le=60, description="运行器多久看一次有无新任务，秒")
    runner_is_warm: bool = Field(default=True, description="常驻一个预热进程，答复后更快走到下一环节；内存紧张时可关")
    intake_schedule: str = Field(
        default="*/5 8-18 * * *", description="几时收件（cron 写法，Asia/Shanghai）；空为不定时收件"
    )
    reminder_schedule: str = Field(
        default="35 8,11 * * *", description="几时发提醒（cron 写法，Asia/Shanghai），休息日不发；空为不定时"
    )
    openness_schedule: str = Field(
        default="20 8 * * *", description="几时巡查政务公开目录（cron 写法，Asia/Shanghai）；空为不定时巡查"
    )
    supervise_at: str = Field(
        default="08:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="工作日几点督办（时:分，Asia/Shanghai）；空为不定时督办，启动时也不督办",
    )
    intake_settle_seconds: float = Field(
        default=5.0, ge=0, le=300, description="收件夹中的文件隔多久再看一次、没有变化才取走，秒"
    )
    inbox_keep: int = Field(
        default=200, ge=10, le=100_000, description="每个收件夹留最近几份退回和重复的文件；更早的移走，原件都已留存"
    )
    inbox_keep_days: int = Field(
        default=90, ge=7, le=3650, description="收件夹里退回和重复的文件留几天；更早的移走，原件都已留存"
    )

    @field_validator("home", "checkpoint_copy", "backup_folder")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read ``disclosure.toml`` below the environment."""
        config = Path(os.environ.get("DISCLOSURE_CONFIG", "disclosure.toml"))
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config))

    @property
    def records_url(self) -> str:
        """SQLAlchemy URL of our records."""
        return self.database_url or f"sqlite:///{self.home / 'records.db'}"

    @property
    def files(self) -> Path:
        """Files handed in, by SHA-256."""
        return self.home / "files"

    @property
    def inbox(self) -> Path:
        """Local inboxes, a folder a centre, for centres that have no other."""
        return self.home / "inbox"

    @property
    def workbooks(self) -> Path:
        """Workbooks to hand out."""
        return self.home / "workbooks"

    @property
    def replies(self) -> Path:
        """Answers to the centres: what is wrong with a workbook, and the workbook marked."""
        return self.home / "replies"

    @property
    def reports(self) -> Path:
        """Data-quality reports."""
        return self.home / "reports"

    @property
    def releases(self) -> Path:
        """Rendered releases, staged and published, before they go to channels."""
        return self.home / "releases"

    @property
    def site_cache(self) -> Path:
        """What the site was made of last time; safe to delete."""
        return self.home / "cache" / "site"

    @property
    def board(self) -> Path:
        """The board, one page."""
        return self.home / "board"

    @property
    def prefect_home(self) -> Path:
        """Prefect's own files."""
        return self.home / "prefect"

    @property
    def logs(self) -> Path:
        """What the server and the runner print."""
        return self.home / "logs"

    @property
    def secret_key_file(self) -> Path:
        """The key that encrypts reviewers' secrets, when no ``secret_key`` is set."""
        return self.home / "secret.key"

    @property
    def ledger_key_file(self) -> Path:
        """The Ed25519 key that signs checkpoints of the ledger."""
        return self.home / "ledger.key"

    @property
    def checkpoints_file(self) -> Path:
        """Signed checkpoints, a JSON line each; worth copying to another machine."""
        return self.home / "checkpoints.jsonl"

    @property
    def checkpoint_copy_file(self) -> Path | None:
        """Signed checkpoints once more, where a person has named a second place."""
        return None if self.checkpoint_copy is None else self.checkpoint_copy / "checkpoints.jsonl"

    @property
    def ledger_head_file(self) -> Path:
        """The signed head of the ledger after the latest transaction."""
        return self.home / "ledger.head"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach what we serve."""
        try:
            return ip_address(self.server_host).is_loopback
        except ValueError:
            return self.server_host == "localhost"

    @property
    def server_url(self) -> str:
        """Where people open everything: board, reports, previews, the site, and Prefect's UI below ``/prefect``."""
        return self.public_url or f"http://{_in_url(self.server_host)}:{self.server_port}"

    @property
    def is_encrypted(self) -> bool:
        """Whether what people open is https, ours or a proxy's in front."""
        return self.public_url.startswith("https://")

    @property
    def door_url(self) -> str:
        """Where the door itself listens, seen from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.server_host, self.server_host)  # noqa: S104
        return f"http{'s' if self.tls_certificate else ''}://{_in_url(host)}:{self.server_port}"

    def run_url(self, run_id: object) -> str:
        """Return where people look at a run."""
        return f"{self.server_url}/prefect/runs/flow-run/{run_id}"

    def answer_url(self, run_id: object) -> str:
        """Return where the form of a run opens by itself."""
        return f"{self.server_url}/answer/{run_id}"

    @property
    def prefect_url(self) -> str:
        """Where Prefect's server listens, for our own processes alone."""
        return f"http://127.0.0.1:{self.prefect_port}"

    @property
    def known_hosts(self) -> frozenset[str]:
        """The host names, without port, under which the door answers."""
        named = {name.strip().lower() for name in self.host_names.split(",") if name.strip()}
        public = urlsplit(self.public_url).hostname if self.public_url else None
        own = {"localhost", "127.0.0.1", "::1", self.server_host.lower()} - {"0.0.0.0", "::"}  # noqa: S104
        return frozenset(named | own | ({public} if public else set()))

    @property
    def prefect_environment(self) -> dict[str, str]:
        """What Prefect must be told, in its own variables.

        Analytics off; the UI that has a Resume button; its address on a port of ours.
        """
        environment = {
            "PREFECT_HOME": str(self.prefect_home),
            "PREFECT_API_URL": f"{self.prefect_url}/api",
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(self.prefect_port),
            # People reach it through the door alone.
            "PREFECT_SERVER_UI_SERVE_BASE": "/prefect",
            "PREFECT_SERVER_UI_API_URL": f"{self.server_url}/prefect/api",
            # By default any page open on this machine may read and change everything.
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": self.prefect_url,
            "PREFECT_SERVER_UI_V2_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_CLI_PROMPT": "false",
            # Kept results are unpickled; where they are kept is in Prefect's database, for anybody to change.
            "PREFECT_TASKS_DEFAULT_NO_CACHE": "true",
            "PREFECT_LOGGING_LEVEL": "INFO",
            # It is spoken to by http on this machine alone; yet each client would read all authorities of the web anew.
            "PREFECT_API_SSL_CERT_FILE": str(_NO_AUTHORITY),
            **NO_TELEMETRY,
        }
        if self.server_database_url:
            environment["PREFECT_API_DATABASE_CONNECTION_URL"] = self.server_database_url
        if self.prefect_auth is not None:
            environment["PREFECT_SERVER_API_AUTH_STRING"] = self.prefect_auth.get_secret_value()
            environment["PREFECT_API_AUTH_STRING"] = self.prefect_auth.get_secret_value()
        return environment

    @property
    def own_environment(self) -> dict[str, str]:
        """This very configuration as ``DISCLOSURE_*`` variables, for child processes."""
        values = {
            "home": str(self.home),
            "profile": self.profile,
            "database_url": self.database_url,
            "server_host": self.server_host,
            "server_port": str(self.server_port),
            "public_url": self.public_url,
            "host_names": self.host_names,
            "tls_certificate": str(self.tls_certificate) if self.tls_certificate else None,
            "tls_key": str(self.tls_key) if self.tls_key else None,
            "trusted_proxies": self.trusted_proxies,
            "openid_issuer": self.openid_issuer,
            "openid_client_id": self.openid_client_id,
            "openid_client_secret": _written(self.openid_client_secret),
            "openid_claim": self.openid_claim,
            "prefect_port": str(self.prefect_port),
            "server_database_url": self.server_database_url,
            "intake_schedule": self.intake_schedule,
            "reminder_schedule": self.reminder_schedule,
            "supervise_at": self.supervise_at,
            "openness_schedule": self.openness_schedule,
            "intake_settle_seconds": str(self.intake_settle_seconds),
            "inbox_keep": str(self.inbox_keep),
            "inbox_keep_days": str(self.inbox_keep_days),
            "runner_poll_seconds": str(self.runner_poll_seconds),
            "runner_is_warm": str(self.runner_is_warm),
            "checkpoint_copy": str(self.checkpoint_copy) if self.checkpoint_copy else None,
            "backup_folder": str(self.backup_folder) if self.backup_folder else None,
            "backup_recipients": self.backup_recipients,
            "backup_keep": str(self.backup_keep),
            "metrics_token": _written(self.metrics_token),
            "prefect_auth": _written(self.prefect_auth),
            "secret_key": _written(self.secret_key),
        }
        return {f"DISCLOSURE_{name.upper()}": value for name, value in values.items() if value is not None}


def _written(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _in_url(host: str) -> str:
    """Return ``host`` as a URL has it: an IPv6 address stands in brackets."""
    return f"[{host}]" if ":" in host else host
