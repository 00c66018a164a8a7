"""A bureau's own folder of facts, laid over a shipped profile: what is written there outlives every upgrade."""

from __future__ import annotations

from pathlib import Path

from disclosure.catalog.catalog import PROFILES
from disclosure.catalog.loading import load_catalog, shipped_profiles
from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import render_text

FILES = ("profile.yaml", "holidays.yaml", "organisation.yaml")


def make_own_profile(folder: Path, extends: str) -> list[Path]:
    """Write the beginnings of a bureau's own profile over the shipped one called ``extends``; return the files.

    Raises:
        DisclosureError: when ``folder`` is not empty or lies in the program, or nothing of that name is shipped.
    """
    if extends not in shipped_profiles():
        raise DisclosureError(f"“{extends}”不是随软件的地区配置，没有做。本单位已有自己的文件夹的，直接在那里改。")
    if folder.resolve().is_relative_to(PROFILES.parents[2].resolve()):
        raise DisclosureError(f"{folder} 在程序的文件夹里，升级时会丢。请换一个地方，如 /etc/disclosure/profile。")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DisclosureError(f"{folder} 已经有东西，没有动。请另写一个新的或空的文件夹。")
    facts = load_catalog(extends)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = [folder / name for name in FILES]
        for file in made:
            text = render_text(
                f"profile/{file.name}.j2",
                extends=extends,
                title=facts.profile.title,
                office=facts.centres[0].id,
            )
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DisclosureError(f"写不了 {error.filename}（{error.strerror}），请核对文件夹的权限。") from error
    return made
