"""Whether there is a backup to go back to, for whoever looks the environment over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from deployments.backup.making import backups_in
from disclosure.platform.settings import Settings

#: The nightly one, and a night on which the machine was off.
_LATE = dt.timedelta(days=2)


@dataclass(frozen=True)
class BackupState:
    """What was found of backups, as Chinese sentences; no ``advice`` where all is well."""

    found: str
    advice: str = ""


def look_for_backup(settings: Settings, profile: str, now: dt.datetime) -> BackupState:
    """Tell when this profile was backed up last, and where to."""
    if not settings.backup_recipients or settings.backup_folder is None:
        return BackupState(
            "没有设置备份：磁盘坏了就全没了。",
            "请用 disclosure backup key 生成钥匙，设好 DISCLOSURE_BACKUP_RECIPIENTS 和 DISCLOSURE_BACKUP_FOLDER，"
            "让 disclosure backup 每天自动运行。",
        )
    folder = settings.backup_folder
    if not folder.is_dir():
        return BackupState(f"备份的文件夹 {folder} 不在。", "请核对 DISCLOSURE_BACKUP_FOLDER，或把那个磁盘挂载上。")
    made = backups_in(folder, profile)
    if not made:
        return BackupState(f"{folder} 里还没有备份。", "请运行 disclosure backup。")
    age = now - dt.datetime.fromtimestamp(made[-1].stat().st_mtime, dt.UTC)
    found = f"{folder} 里有 {len(made)} 份备份，最近的一份是 {int(age / dt.timedelta(hours=1))} 小时以前做的。"
    if age > _LATE:
        return BackupState(found, "请运行 disclosure backup，并查明为什么没有每天自动做。")
    if settings.home.exists() and folder.stat().st_dev == settings.home.stat().st_dev:
        return BackupState(found, "它和记录在同一个磁盘上，会一起坏：请另存到别的磁盘或机器上。")
    return BackupState(found)
