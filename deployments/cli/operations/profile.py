"""``disclosure profile``: which facts hold here, and a folder for the bureau's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deployments.cli.screen import console, done, print_pairs
from disclosure.platform.settings import Settings

profile_app = App(name="profile", help="地区配置：现在用的是哪些文件夹；为本单位做一个自己的。")


@profile_app.default
def profile() -> None:
    """列出现在用的地区配置由哪些文件夹合成，本单位该改哪一个。"""
    from disclosure.catalog import load_catalog

    catalog = load_catalog(Settings().profile)
    print_pairs({"地区配置": f"{catalog.profile.id}（{catalog.profile.title}）"})
    for layer in catalog.layers:
        console.print(f"  {layer}", soft_wrap=True)
    if catalog.is_own:
        console.print(f"本单位的放假日、单位、用语写在 {catalog.folder}，它在最上层。", soft_wrap=True)
    else:
        console.print("以上都是程序的文件夹，升级时会换掉，不要改；请先运行 disclosure profile own 文件夹。")


@profile_app.command(name="own")
def profile_own(folder: Annotated[Path, Parameter(help="新的文件夹，如 /etc/disclosure/profile")]) -> None:
    """为本单位做一个自己的地区配置文件夹，盖在现在用的上面。"""
    from disclosure.catalog.own_profile import make_own_profile

    where = folder.expanduser().absolute()
    for file in make_own_profile(where, Settings().profile):
        console.print(f"  {file}", soft_wrap=True)
    done("已做好，内容和原来一样。请在设置里写上下面一行，再重新启动 disclosure up：")
    console.print(f"DISCLOSURE_PROFILE={where}", soft_wrap=True)
