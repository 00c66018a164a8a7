"""The package for the government openness site and 12333: body, attachments, metadata, and a note on their use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from disclosure.platform.templating import render_text
from disclosure.rendering.document.document import DisclosureDocument
from disclosure.rendering.outlets import Outlets
from disclosure.rendering.site.inlining import inlined

CONTENT, NOTE = "content.html", "交接说明.txt"


def handover_package(
    document: DisclosureDocument, outlets: Outlets, attachments: Mapping[str, tuple[str, bytes]]
) -> dict[str, bytes]:
    """Relative path -> bytes; ``attachments`` is file name -> (title, content).

    ``<site id>.json`` holds the metadata in the words of that site, and the attachments with size and SHA-256.
    """
    told = {name: title for name, (title, _) in attachments.items()}
    html = render_text("handover/content.html.j2", document=document, outlets=outlets, attachments=told)
    listed = [
        {
            "文件": f"attachments/{name}",
            "名称": title,
            "字节": len(content),
            "SHA-256": hashlib.sha256(content).hexdigest(),
        }
        for name, (title, content) in attachments.items()
    ]
    metadata = {
        f"{site}.json": _json({"网站": name, "元数据": dict(fields), "正文": CONTENT, "附件": listed})
        for site, (name, fields) in outlets.metadata.items()
    }
    note = render_text(
        "handover/note.txt.j2",
        title=document.title,
        publisher=document.publisher,
        demo=document.demo,
        sites=[name for name, _ in outlets.metadata.values()],
        files={f"{site}.json": name for site, (name, _) in outlets.metadata.items()},
    )
    return {
        CONTENT: (inlined(html, "handover/content.css") + "\n").encode(),
        **metadata,
        # Windows' editor shows Chinese for certain only behind a byte-order mark.
        NOTE: note.replace("\n", "\r\n").encode("utf-8-sig"),
        **{f"attachments/{name}": content for name, (_, content) in attachments.items()},
    }


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
