"""A file that is no .xlsx we can open: what it is instead, why that matters, and the shortest way out.

What files begin with is public: https://www.garykessler.net/library/file_sigs.html, and what the makers of
encryption products write at the head of their files.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import PurePosixPath

from disclosure.collection.workbook.ooxml.xml import UnreadableError, unreadable

REFILL = "请用本系统下发的 .xlsx 工作簿填报"
_UNPACK = "请解压后把里面的 .xlsx 工作簿单独报送"
_PICTURE = ("图片", f"图片里的数读不出来，{REFILL}")


def _save_as(programs: str) -> str:
    return f"数据不用重填：请在{programs}中打开这个文件，选“文件—另存为”，类型选“Excel 工作簿（*.xlsx）”，交另存的文件"


_SAVE_AS = _save_as(" WPS 或 Excel ")
#: A workbook of LibreOffice, which has its own name for the type.
_SAVE_AS_OPEN = (
    "数据不用重填：请在 LibreOffice、WPS 或 Excel 中打开这个文件，选“文件—另存为”，类型选“Excel 工作簿（*.xlsx）”"
    "（LibreOffice 中叫“Excel 2007-365 (.xlsx)”），交另存的文件"
)
_UNFINISHED = (
    "浏览器或下载工具还没有下载完（名称以“{suffix}”结尾），请等它下载完，或删去后重新下载，交名称以 .xlsx 结尾的文件"
)
_UNFINISHED_NAMES = (
    ".crdownload",
    ".part",
    ".partial",
    ".download",
    ".td",
    ".xltd",
    ".tmp",
    ".icloud",
    ".baiduyun.p.downloading",
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
    (b"\xfd7zXZ", "xz 压缩包", _UNPACK),
    (b"BZh", "bzip2 压缩包", _UNPACK),
    (b"{\\rtf", "RTF 文档", REFILL),
    (b"L\0\0\0\x01\x14\x02\0", "快捷方式（.lnk）", "快捷方式里没有数据，请找到它指向的工作簿，交那个文件"),
    (b"[InternetShortcut]", "网址快捷方式（.url）", "快捷方式里没有数据，请打开它，下载工作簿后交那个文件"),
    (b"\0\x05\x16\x07", "苹果电脑的附属文件（名称以“._”开头）", "里面没有数据，请交同名、不带“._”的那个文件"),
)
#: The same of what begins later, or of words that stand near the beginning: pattern -> (found, what to do).
_OTHER_WORDS: tuple[tuple[str, str, str], ...] = (
    (r"^.{4}ftyp(?:heic|heix|mif1|msf1|avif)", *_PICTURE),
    (r"^.{4}ftyp", "视频或录音", f"里面的数读不出来，{REFILL}"),
    (r"^.{257}ustar", "tar 压缩包", _UNPACK),
    (
        r"^bplist|<plist",
        "苹果电脑的快捷方式或占位文件",
        "里面没有数据，请在访达（Finder）里下载或打开原来的工作簿，交那个 .xlsx 文件",
    ),
    (r"<office:document", ".fods 文件（LibreOffice 表格）", _SAVE_AS_OPEN),
    (r"<\?mso-application|<workbook", "XML 表格文件", _SAVE_AS),
    (r"^(?:[^\n]*\n)*?mime-version:(?=.*(?:workbook|multipart/related))", "单个文件网页（.mht）", _SAVE_AS),
    (
        r"^(?:return-path|received|from|to|subject|date|message-id): ",
        "邮件",
        "请把邮件里的附件存下来，交那个 .xlsx 工作簿",
    ),
    (r"<svg", *_PICTURE),
    (
        r"<html|<table|<!doctype html|<meta |<head|<body",
        "网页（HTML）文件",
        "如果是从网上下载的，存下来的是网页而不是工作簿，多半是登录过期了，请登录后重新下载；"
        f"如果是从业务系统导出的，改了扩展名也不是工作簿，{REFILL}",
    ),
    (r"^id;p", "SYLK（.slk）文件", f"它不带下发工作簿的标识，{REFILL}"),
    (r"^table\s+0,1", "DIF 文件", f"它不带下发工作簿的标识，{REFILL}"),
    (
        r"^\s*[\[{]\s*[\"{\[\]}]",
        "程序的数据（JSON）",
        "它是下载没有成功时的回执，或云文档的链接，里面没有工作簿，"
        "请登录后重新下载，或从云文档“导出—Excel”，交那个 .xlsx 文件",
    ),
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
    ("xl/workbook.bin", "二进制工作簿（.xlsb）", _save_as(" Excel 或 WPS ")),
    ("word/document.xml", "Word 文档", REFILL),
    ("ppt/presentation.xml", "演示文稿", REFILL),
    ("content.xml", ".ods 文件（LibreOffice 表格）", _SAVE_AS_OPEN),
    ("FixedDocSeq.fdseq", "XPS 版式文件", f"版式文件里的数读不出来，{REFILL}"),
    ("OFD.xml", "OFD 版式文件", f"版式文件里的数读不出来，{REFILL}"),
    (
        "Index/Document.iwa",
        "苹果 Numbers 的 .numbers 文件",
        "Numbers 导出时会改工作表的名称和位置，不能用来填报，"
        "请用 WPS（有 Mac、iPad 版）或 Excel 打开下发的 .xlsx 工作簿，把数填进去后再交",
    ),
)
MACROS = (
    "可以带宏的文件（.xlsm）",
    "宏是程序，收进来会有风险，数据不用重填：请在 Excel 或 WPS 中打开它，选“文件—另存为”，"
    "类型选“Excel 工作簿（*.xlsx）”，提示不能保存宏时选“是”，交另存的文件",
)
_LOCKED = (
    "没有密码就读不出里面的数，数据不用重填：请用密码打开它，在“文件—信息—保护工作簿—用密码进行加密”"
    "（WPS 为“文件—文档加密—密码加密”）中清空密码，保存后再交"
)
_RIGHTS = "没有权限的人打不开，请在“文件—信息—保护工作簿”中取消权限限制后再交"
#: What a container of old Office files holds, by a name in its directory -> (found, what to do).
_OLE_KINDS: tuple[tuple[str, str, str], ...] = (
    ("DRMEncryptedTransform", "设了权限保护（IRM）的文件", _RIGHTS),
    ("DRMEncryptedDataSpace", "设了权限保护（IRM）的文件", _RIGHTS),
    ("EncryptedPackage", "设有打开密码的文件", _LOCKED),
    ("WordDocument", "Word 文档", REFILL),
    ("__substg1.0_", "Outlook 邮件（.msg）", "请把邮件里的附件存下来，交那个 .xlsx 工作簿"),
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
    if said := next((said for magic, *said in _OTHER_KINDS if content.startswith(magic)), None):
        return unreadable(*said)
    maker = encryption_maker(content)
    if maker or looks_encrypted(content, file_name):
        found = f"被加密软件（{maker}）加密的文件" if maker else "像是被加密软件加密的文件"
        return unreadable(found, ENCRYPTED, "没有加密的工作簿")
    return unreadable(*_by_content(content))


def unfinished(file_name: str) -> UnreadableError | None:
    """Return the error for a download that, by its name, is not done yet; None for any other name."""
    suffix = next((each for each in _UNFINISHED_NAMES if file_name.lower().endswith(each)), "")
    return unreadable("没有下载完的文件", _UNFINISHED.format(suffix=suffix)) if suffix else None


def _by_content(content: bytes) -> tuple[str, str]:
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        head = content[: 2 * _LOOKED_AT].decode("utf-16", "replace").lower()
    else:
        head = content[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").decode("latin-1").lower()
    for pattern, found, why in _OTHER_WORDS:
        if re.search(pattern, head, re.DOTALL):
            return found, why
    found = "不是 Excel 工作簿的文件" if "\0" in head else "文本或 CSV 文件"
    return found, f"改扩展名不能改变文件格式，{REFILL}并保存为 .xlsx"


def other_archive(archive: zipfile.ZipFile) -> UnreadableError:
    """Return what a zip that is no workbook holds: workbooks to be taken out, or one packed a folder too deep."""
    names = [_name_of(member) for member in archive.infolist() if not member.is_dir()]
    if any(name.endswith("/xl/workbook.xml") for name in names):
        why = "它是工作簿解开以后又压缩的，多套了一层文件夹，打不开，请交没有解开过的那个 .xlsx 文件"
        return unreadable("解开后重新压缩的工作簿", why)
    inner = [name for name in names if name.lower().endswith((".xlsx", ".xlsm", ".xls", ".et", ".ods"))]
    own = [PurePosixPath(name).name for name in inner if not PurePosixPath(name).name.startswith(("._", "~$"))]
    if own:
        shown = "、".join(f"“{name}”" for name in own[:3]) + (f"等 {len(own)} 个文件" if len(own) > 3 else "")
        return unreadable(f"压缩包（里面有{shown}）", "压缩包里的文件不会自动取出，请解压后逐个报送")
    if any(name.lower().endswith((".zip", ".rar", ".7z")) for name in names):
        return unreadable("套着压缩包的压缩包", "请一层层解压，把里面的 .xlsx 工作簿单独报送")
    return unreadable("压缩包", _UNPACK)


def _name_of(member: zipfile.ZipInfo) -> str:
    """Return a member's name; programs of Chinese Windows write it in GBK without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


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

    if found := next((said for name, *said in _OLE_KINDS if holds(name)), None):
        return unreadable(*found)
    if file_name.lower().endswith((".et", ".ett")):
        return unreadable("WPS 的 .et 文件", _save_as(" WPS "))
    if holds("disclosure_") or b"disclosure_" in content or b"schema_version" in content:
        return unreadable("下发的工作簿另存成的旧式 .xls 文件", f"旧格式读不出格式和标识，{_SAVE_AS}")
    return unreadable("旧式的 .xls 文件", f"{REFILL}，保存时不要改成 .xls")
