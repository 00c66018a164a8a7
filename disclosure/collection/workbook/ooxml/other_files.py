"""A file that is no .xlsx we can open: what it is instead, why that matters, and the shortest way out.

What files begin with is public: https://www.garykessler.net/library/file_sigs.html, and what the makers of
encryption products write at the head of their files.
"""

from __future__ import annotations

import zlib

from disclosure.collection.workbook.ooxml.xml import UnreadableError, unreadable

REFILL = "请用本系统下发的 .xlsx 工作簿填报"
_UNPACK = "请解压后把里面的 .xlsx 工作簿单独报送"
_PICTURE = ("图片", f"图片里的数读不出来，{REFILL}")
_SAVE_AS = (
    "数据不用重填：请在 WPS 或 Excel 中打开这个文件，选“文件—另存为”，类型选“Excel 工作簿（*.xlsx）”，交另存的文件"
)
ENCRYPTED = (
    "文件离开本单位的电脑就打不开，里面的数读不出来，请在本单位电脑上用加密软件的“解密”或“外发”功能"
    "（右键文件，或请管理员解密）得到明文后再交"
)
#: Of a file of nothing but zero bytes: a name without its content, as a cloud drive or a broken transfer leaves it.
NOT_THERE = "内容全是空字节的文件"
GET_IT_WHOLE = (
    "它没有下载完或没有传完整（网盘里还没同步的文件、传输中断、U 盘没有安全弹出都会这样），"
    "请回到原来的电脑上打开它，看到内容以后重新复制或等网盘同步完，再交"
)

#: What a file that is no archive begins with -> (found, what to do).
_OTHER_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "PDF 文件", f"PDF 里的数读不出来，{REFILL}"),
    *((magic, *_PICTURE) for magic in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")),
    (b"Rar!", "RAR 压缩包", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包", _UNPACK),
    (b"\x1f\x8b", "gzip 压缩包", _UNPACK),
    (b"{\\rtf", "RTF 文档", REFILL),
    (b"L\0\0\0\x01\x14\x02\0", "快捷方式（.lnk）", "快捷方式里没有数据，请找到它指向的工作簿，交那个文件"),
    (b"[InternetShortcut]", "网址快捷方式（.url）", "快捷方式里没有数据，请打开它，下载工作簿后交那个文件"),
    (b"\0\x05\x16\x07", "苹果电脑的附属文件（名称以“._”开头）", "里面没有数据，请交同名、不带“._”的那个文件"),
)
#: What the head of a file has that office software of a bureau encrypted without being asked -> the maker's name.
_ENCRYPTION_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"E-SafeNet", "亿赛通"),
    (b"%TSD-Header-###%", "天锐绿盾"),
    (b"IP-guard", "IP-guard"),
    (b"IPGUARD", "IP-guard"),
    (b"Chinasec", "明朝万达 Chinasec"),
    (b"CHINASEC", "明朝万达 Chinasec"),
    (b"LDTERM", "绿盾"),
    (b"VAMTOO", "华途"),
    (b"SCDSA00", "Softcamp"),
    (b"DRMONE", "Fasoo"),
    (b"MarkAny", "MarkAny"),
    (b"SafeNet", "SafeNet"),
    (b".pfile", "微软权限管理"),
)
#: What an archive that is no workbook holds -> (found, what to do).
OTHER_ARCHIVES: tuple[tuple[str, str, str], ...] = (
    ("xl/workbook.bin", "二进制工作簿（.xlsb）", "请另存为 .xlsx 后再交"),
    ("word/document.xml", "Word 文档", REFILL),
    ("ppt/presentation.xml", "演示文稿", REFILL),
    ("content.xml", ".ods 文件（LibreOffice 表格）", "请另存为 .xlsx 后再交"),
    ("OFD.xml", "OFD 版式文件", f"版式文件里的数读不出来，{REFILL}"),
    (
        "Index/Document.iwa",
        "苹果 Numbers 的 .numbers 文件",
        "Numbers 导出时会改工作表的名称和位置，不能用来填报，"
        "请用 WPS（有 Mac、iPad 版）或 Excel 打开下发的 .xlsx 工作簿，把数填进去后再交",
    ),
)
_BACKSLASHES = (
    "内部名称用了“\\”的工作簿",
    "它被不合规范的程序重新打包过，别的软件找不到里面的表，数据不用重填："
    "请在 WPS 或 Excel 中打开它，选“文件—另存为”，类型选“Excel 工作簿（*.xlsx）”，交另存的文件",
)
#: Of a file whose kind nobody knows, so many bytes are looked at; encrypted bytes cannot be made smaller.
_LOOKED_AT, _LEAST_LOOKED_AT, _INCOMPRESSIBLE = 64 * 1024, 1024, 0.97
_OFFICE_NAMES = (".xlsx", ".xls", ".et", ".xlsm", ".csv", ".docx", ".doc", ".wps", ".md", ".txt")


def no_archive(content: bytes, file_name: str) -> UnreadableError:
    """Return what the file is instead, by its first bytes."""
    if is_all_zero(content):
        return unreadable(NOT_THERE, GET_IT_WHOLE)
    if content.startswith(bytes.fromhex("D0CF11E0A1B11AE1")):
        return _ole_problem(content, file_name)
    if file_name.startswith(("~$", ".~")):
        return unreadable("打开工作簿时的临时文件（名称以“~$”开头）", "里面没有数据，请交同名、不带“~$”的那个文件")
    for magic, found, why in _OTHER_KINDS:
        if content.startswith(magic):
            return unreadable(found, why)
    maker = encryption_maker(content)
    if maker or looks_encrypted(content, file_name):
        found = f"被加密软件（{maker}）加密的文件" if maker else "像是被加密软件加密的文件"
        return unreadable(found, ENCRYPTED, "没有加密的工作簿")
    return unreadable(*_by_content(content[:4096].lower()))


def _by_content(head: bytes) -> tuple[str, str]:
    if any(tag in head for tag in (b"<html", b"<table", b"<!doctype html")):
        return "网页（HTML）文件", f"从业务系统导出的网页改了扩展名也不是工作簿，{REFILL}"
    if b"<workbook" in head or b"<?mso-application" in head:
        return "XML 表格文件", "请在 Excel 中另存为 .xlsx 后再交"
    found = "不是 Excel 工作簿的文件" if b"\0" in head else "文本或 CSV 文件"
    return found, f"改扩展名不能改变文件格式，{REFILL}并保存为 .xlsx"


def has_backslashes() -> UnreadableError:
    """Return the error for an archive whose members are named as on Windows."""
    return unreadable(*_BACKSLASHES)


def is_all_zero(content: bytes) -> bool:
    """Whether there are bytes and all of them are zero."""
    return bool(content) and not content.strip(b"\0")


def encryption_maker(content: bytes) -> str:
    """Return whose encryption a file's head names; empty for none that is known."""
    return next((maker for mark, maker in _ENCRYPTION_MARKS if mark in content[:1024]), "")


def looks_encrypted(content: bytes, file_name: str) -> bool:
    """Whether a file named like a table or text is of bytes without any order, as only encryption leaves them."""
    part = content[:_LOOKED_AT]
    if not file_name.lower().endswith(_OFFICE_NAMES) or len(part) < _LEAST_LOOKED_AT:
        return False
    return len(zlib.compress(part, 6)) > _INCOMPRESSIBLE * len(part)


def _ole_problem(content: bytes, file_name: str) -> UnreadableError:
    """Old Office files and encrypted new ones share a container; its directory names tell them apart."""

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("DRMEncryptedTransform") or holds("DRMEncryptedDataSpace"):
        return unreadable(
            "设了权限保护（IRM）的文件", "没有权限的人打不开，请在“文件—信息—保护工作簿”中取消权限限制后再交"
        )
    if holds("EncryptedPackage"):
        return unreadable("设有打开密码的文件", "请取消打开密码，另存为 .xlsx 后再交")
    if holds("WordDocument"):
        return unreadable("Word 文档", REFILL)
    if file_name.lower().endswith((".et", ".ett")):
        return unreadable("WPS 的 .et 文件", "请在 WPS 中另存为 .xlsx 后再交")
    if holds("disclosure_") or b"disclosure_" in content or b"schema_version" in content:
        return unreadable("下发的工作簿另存成的旧式 .xls 文件", f"旧格式读不出格式和标识，{_SAVE_AS}")
    return unreadable("旧式的 .xls 文件", f"{REFILL}，保存时不要改成 .xls")
