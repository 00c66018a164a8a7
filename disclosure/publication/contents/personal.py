"""The last look before a release may be signed: no file of it tells of persons, whatever door a text came by."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from disclosure.catalog import Catalog
from disclosure.confidentiality.public_text import object_to_public_text
from disclosure.platform.errors import DisclosureError
from disclosure.rendering.read_texts import figures_alone_in, texts_in

_TOLD = 3


def refuse_personal_data(catalog: Catalog, files: Mapping[str, bytes]) -> None:
    """Search every text of every file that would be published.

    Raises:
        DisclosureError: naming the first files with data of persons, and what to do.
    """
    figures = figures_alone_in(files)
    found = [said for path, content in files.items() if (said := _object_to_file(catalog, path, content, figures))]
    if found:
        more = f"\n……共 {len(found)} 个文件。" if len(found) > _TOLD else ""
        raise DisclosureError(
            "发布件没有生成，其中有个人信息：\n" + "\n".join(found[:_TOLD]) + f"{more}\n请退回写了这些话的单位改正；"
            "确是单位对外公布的联系方式的，登记在 confidentiality.yaml 的 public_contacts 里。"
        )


def _object_to_file(catalog: Catalog, path: str, content: bytes, figures: Collection[str]) -> str:
    return object_to_public_text(catalog, path, texts_in(path, content, figures))
