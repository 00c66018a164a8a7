"""``disclosure profile``: which facts hold here, and a folder for the bureau's own."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from deployments.cli.chinese import make_noun
from deployments.cli.screen import console, done, print_pairs, say
from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog, load_catalog
from disclosure.catalog.profile_check import SHOWN, check_profile
from disclosure.openness.guides import load_guides
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings

profile_app = make_noun(
    "profile", "地区配置：现在用的是哪些文件夹；为本单位做一个自己的；为另一个地区新做一个，并检查。"
)


@profile_app.default
def profile() -> None:
    """列出现在用的地区配置由哪些文件夹合成，本单位该改哪一个。"""
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
    # Spares the other commands Jinja2.
    from disclosure.catalog.own_profile import make_own_profile

    where = folder.expanduser().absolute()
    for file in make_own_profile(where, Settings().profile):
        console.print(f"  {file}", soft_wrap=True)
    done("已做好，内容和原来一样。请在设置里写上下面一行，再重新启动 disclosure up：")
    console.print(f"DISCLOSURE_PROFILE={where}", soft_wrap=True)


@dataclass(frozen=True)
class BureauWords:
    """How a bureau is named in what it publishes."""

    publisher: Annotated[str, Parameter(help="发布机构全称，如 曲靖市人力资源和社会保障局")]
    title: Annotated[str, Parameter(help="网站和披露的名称；不写则为 地名+社会保险信息披露")] = ""
    agency: Annotated[str, Parameter(help="政府信息公开目录中的机构代码")] = "JGDM"
    address: Annotated[str, Parameter(help="网站地址，以 / 结尾")] = "https://shebao.example/"


@profile_app.command(name="new")
def profile_new(
    folder: Annotated[Path, Parameter(help="新的文件夹，如 profiles/qujing")],
    *,
    figures: Annotated[Path, Parameter(help="公布过的数据：长表 CSV 或 XLSX，列同 disclosure import")],
    place: Annotated[
        tuple[str, ...],
        Parameter(help="行政区划代码=名称，全域在前，如 530300=曲靖市 530302=麒麟区", consume_multiple=True),
    ],
    bureau: Annotated[BureauWords, Parameter(name="*")],
    insurance: Annotated[
        tuple[str, ...],
        Parameter(
            help="险种编号=公布时的名称，如 employee_pension=城镇职工基本养老保险；目录没有的险种另起编号",
            consume_multiple=True,
        ),
    ] = (),
) -> None:
    """为另一个地区新做一个配置：按公布过的数据写出各个 YAML，并说明哪些行没有认出来。"""
    # Spares the other commands XlsxWriter and Jinja2.
    from disclosure.collection.history.importer import grouped
    from disclosure.collection.history.new_profile import FILES, NewProfile, make_profile

    if not place:
        raise DisclosureError("没有写 --place，应为行政区划代码=名称，如 530300=曲靖市。")
    whole = place[0].rpartition("=")[2]
    title = bureau.title or f"{whole}社会保险信息披露"
    wanted = NewProfile(bureau.publisher, title, place, bureau.agency, bureau.address, insurance)
    where = folder.expanduser().absolute()
    catalog, report = make_profile(where, wanted, figures.expanduser())
    for name in FILES:
        console.print(f"  {where / name}", soft_wrap=True)
    done(f"已做好：{len(catalog.reported)} 项指标，{len(report.figures)} 个数据（表中共 {report.rows} 行）。")
    for group in grouped(catalog, report.unmatched):
        say("!", "yellow", f"{group.title}：{group.count} 行没有认出来。{group.advice}")
        for what, rows in group.by_what.items():
            console.print(f"  {what}（{'、'.join(f'第 {row.line} 行' for row in rows)}）", soft_wrap=True)
    for name, count in report.elsewhere.items():
        say("!", "yellow", f"“{name}”的 {count} 行是别处的数据，没有用；是本地区的，写进 --place 或 regions.yaml。")
    console.print(f"改好以后检查：disclosure profile check {where}", soft_wrap=True)
    console.print(f"再看演示：disclosure demo --profile {where}", soft_wrap=True)


@profile_app.command(name="check")
def profile_check(
    folder: Annotated[str, Parameter(help="地区配置的文件夹或名称；不写则为现在用的")] = "",
) -> None:
    """检查一个地区配置：一次说清全部错误（文件和行号），以及它与下层的不同。"""
    # Spares the other commands Jinja2.
    from disclosure.platform.templating import render_text

    name = folder or Settings().profile
    found = check_profile(Path(name).expanduser() if Path(name).expanduser().is_dir() else name)
    mistakes = [*found.mistakes, *(_beyond_the_catalogue(found.catalog) if found.catalog else ())]
    for mistake in mistakes:
        say("✗", "bold red", mistake)
    if mistakes:
        console.print(f"共 {len(mistakes)} 处，请改正后再检查。")
        sys.exit(1)
    text = render_text("profile/check.txt.j2", catalog=found.catalog, changes=found.changes, shown=SHOWN)
    console.print(text.strip(), soft_wrap=True)
    done("没有发现错误。")
    if found.catalog:
        _tell_unasked(found.catalog)


def _tell_unasked(catalog: Catalog) -> None:
    """Tell which indicators of the published figures no cycle asks for."""
    # Spares the other commands Typst.
    from disclosure.simulation.demo_figures import list_unasked_figures

    for name, count in Counter(figure.indicator for figure in list_unasked_figures(catalog)).items():
        printed = (
            f"{catalog.insurances[catalog.indicators[name].insurance].short_name}“{catalog.indicators[name].name}”"
        )
        file = catalog.profile.demo_figures
        why = "profile.yaml 的 indicators 没有列它，或者它的 annual、quarterly 写了 none"
        say("!", "yellow", f"{file} 里的 {printed}（{name}）有 {count} 个数没有用：{why}。")


def _beyond_the_catalogue(catalog: Catalog) -> list[str]:
    """Tell the mistakes of what other rooms read: words, sources, guides, the demonstration's figures."""
    # Spares the other commands python-docx and Typst.
    from disclosure.collection.sources import load_sources
    from disclosure.rendering.document.phrases import load_phrases
    from disclosure.simulation.demo_figures import demo_figures

    mistakes = []
    for read in (
        lambda: load_phrases(catalog),
        lambda: load_sources(catalog),
        lambda: load_guides(catalog),
        lambda: demo_figures(catalog, parse_period(catalog.profile.demo_period)),
    ):
        try:
            read()
        except DisclosureError as error:
            mistakes += str(error).splitlines()
    return mistakes
