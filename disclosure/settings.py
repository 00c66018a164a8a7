"""Every setting of the product, in one class.

Order of precedence: arguments, ``DISCLOSURE_*`` environment variables, ``disclosure.toml`` in the current
folder (or the file ``DISCLOSURE_CONFIG`` names), defaults.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
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


class Settings(BaseSettings):
    """Where things lie and how to reach them."""

    model_config = SettingsConfigDict(env_prefix="DISCLOSURE_", extra="forbid", frozen=True)

    home: Path = Field(default=Path("var"), description="一切运行结果所在的文件夹")
    profile: str = Field(default="chuxiong", description="地区配置的名称或文件夹")
    database_url: str = Field(default="", description="记录库的 SQLAlchemy 地址；空为 home 下的 SQLite 文件")
    server_host: str = Field(default="127.0.0.1", description="Prefect 服务监听的地址")
    server_port: int = Field(default=4200, ge=1, le=65535, description="Prefect 服务的端口")
    server_auth: SecretStr | None = Field(default=None, description="Prefect 服务的 用户名:口令，只能用 ASCII 字符")
    server_database_url: str = Field(default="", description="Prefect 自己的数据库；空为 home 下的 SQLite 文件")
    desk_port: int = Field(default=4280, ge=1, le=65535, description="质量报告与预览页面的端口")
    secret_key: SecretStr | None = Field(default=None, description="加密审核人密钥的钥匙；空则用 home/secret.key")
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

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

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
    def server_url(self) -> str:
        """Where people open the Prefect UI."""
        return f"http://{self.server_host}:{self.server_port}"

    @property
    def desk_url(self) -> str:
        """Where reviewers open quality reports and previews."""
        return f"http://{self.server_host}:{self.desk_port}"

    @cached_property
    def prefect_environment(self) -> dict[str, str]:
        """What Prefect must be told, in its own variables.

        Analytics off; the UI that has a Resume button; its address on a port of ours.
        """
        environment = {
            "PREFECT_HOME": str(self.prefect_home),
            "PREFECT_API_URL": f"{self.server_url}/api",
            "PREFECT_SERVER_API_HOST": self.server_host,
            "PREFECT_SERVER_API_PORT": str(self.server_port),
            "PREFECT_SERVER_UI_API_URL": f"{self.server_url}/api",
            "PREFECT_SERVER_UI_V2_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_CLI_PROMPT": "false",
            "PREFECT_LOGGING_LEVEL": "INFO",
            "DO_NOT_TRACK": "1",
        }
        if self.server_database_url:
            environment["PREFECT_API_DATABASE_CONNECTION_URL"] = self.server_database_url
        if self.server_auth is not None:
            environment["PREFECT_SERVER_API_AUTH_STRING"] = self.server_auth.get_secret_value()
            environment["PREFECT_API_AUTH_STRING"] = self.server_auth.get_secret_value()
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
            "desk_port": str(self.desk_port),
            "server_database_url": self.server_database_url,
            "intake_schedule": self.intake_schedule,
            "reminder_schedule": self.reminder_schedule,
            "supervise_at": self.supervise_at,
            "openness_schedule": self.openness_schedule,
            "intake_settle_seconds": str(self.intake_settle_seconds),
            "runner_poll_seconds": str(self.runner_poll_seconds),
            "runner_is_warm": str(self.runner_is_warm),
            "server_auth": self.server_auth.get_secret_value() if self.server_auth else None,
            "secret_key": self.secret_key.get_secret_value() if self.secret_key else None,
        }
        return {f"DISCLOSURE_{name.upper()}": value for name, value in values.items() if value is not None}
