"""The words in a picture's metadata, which nobody sees and everybody can read: who took it, where, with what words."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

_PNG = b"\x89PNG\r\n\x1a\n"
#: Everything in EXIF, XMP and IPTC that reads as text, whatever field it is.
_WORDS = re.compile(rb"(?:[\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]{1,3}){4,}")


def picture_words(content: bytes) -> Iterator[str]:
    """Yield every text in the metadata of a PNG or JPEG; of pixels, none.

    Raises:
        ValueError: when it is neither, or is cut off.
    """
    if content.startswith(_PNG):
        parts = _png_parts(content)
    elif content.startswith(b"\xff\xd8"):
        parts = _jpeg_parts(content)
    else:
        raise ValueError("不是 PNG 或 JPEG 图片")
    for part in parts:
        for found in _WORDS.finditer(part):
            yield found[0].decode("utf-8", "replace")


def _png_parts(content: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        data = content[at + 8 : at + 8 + size]
        if len(data) < size:
            raise ValueError("图片不完整")
        if kind in {b"tEXt", b"eXIf"}:
            yield data.replace(b"\0", b"\n")
        elif kind in {b"zTXt", b"iTXt"}:
            keyword, _, rest = data.partition(b"\0")
            yield keyword
            yield _international(rest) if kind == b"iTXt" else _unpacked(rest[1:])
        elif kind == b"IEND":
            # What hangs behind the end is read by nobody but who looks for it.
            yield content[at + 12 :]
            return
        at += size + 12
    raise ValueError("图片不完整")


def _international(rest: bytes) -> bytes:
    """Return language, translated keyword and text of an iTXt chunk, unpacked where it is packed."""
    head, text = rest[:2], rest[2:]
    language, _, text = text.partition(b"\0")
    translated, _, text = text.partition(b"\0")
    return b"\n".join((language, translated, _unpacked(text) if head[:1] == b"\1" else text))


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError("图片中的文字解不开") from error


def _jpeg_parts(content: bytes) -> Iterator[bytes]:
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker, size = struct.unpack_from(">BH", content, at + 1)
        if marker == 0xDA:
            end = content.rfind(b"\xff\xd9")
            yield content[end + 2 :] if end > at else b""
            return
        # Application data and comments; the others are tables for decoding.
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            yield content[at + 4 : at + 2 + size].replace(b"\0", b"\n")
        at += 2 + size
    raise ValueError("图片不完整")
