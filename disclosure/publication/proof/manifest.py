"""The manifest of a release: every file's SHA-256, what the release is, who approved what, and the ledger then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from disclosure.platform.errors import DisclosureError
from disclosure.publication.contents.tree import Tree, check_path

_FORMAT = "disclosure-manifest/2"


def sha256(content: bytes) -> str:
    """Return the hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """``files``: path -> SHA-256; ``release``: what it belongs to (period, version, …); ``digest`` covers everything.

    ``decisions``: each gate's outcome and the digest it was given to; ``ledger``: the signed checkpoint of our ledger
    when publication began. Both are empty for what was published before manifests had them.
    """

    files: Mapping[str, str]
    release: Mapping[str, str]
    digest: str
    decisions: Sequence[Mapping[str, str]] = ()
    ledger: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return JSON text, sorted by path, ending in a line feed: the bytes that are signed."""
        content = {
            "format": _FORMAT,
            "digest": self.digest,
            "release": dict(self.release),
            "decisions": [dict(each) for each in self.decisions],
            "ledger": dict(self.ledger),
            "files": dict(self.files),
        }
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Read the manifest that ``to_json`` wrote.

        Raises:
            DisclosureError: when it is none, or when its digest is not that of its content.
        """
        try:
            raw = json.loads(text)
            files, release, digest = raw["files"], raw["release"], raw["digest"]
            decisions, ledger = raw["decisions"], raw["ledger"]
            known = raw["format"] == _FORMAT
            texts = [pair for each in (files, release, ledger, *decisions) for pair in each.items()]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DisclosureError("这不是核验清单 manifest.json，或文件已损坏，请重新下载。") from error
        if not known or not all(isinstance(key, str) and isinstance(value, str) for key, value in texts):
            raise DisclosureError("核验清单 manifest.json 的格式不认识，请用发布它的版本核验。")
        manifest = _manifest(files, release, decisions, ledger)
        if manifest.digest != digest:
            raise DisclosureError("核验清单 manifest.json 被改动过：摘要与内容不符。")
        return manifest

    def differences(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """Tell what in ``files`` is not as listed, a sentence each; empty when all is right."""
        return compare_hashes(self.files, Tree.of(files).hashes)


def make_manifest(
    files: Mapping[str, bytes],
    *,
    release: Mapping[str, str],
    decisions: Sequence[Mapping[str, str]] = (),
    ledger: Mapping[str, str] | None = None,
) -> Manifest:
    """Make the manifest of ``files`` (relative path -> content).

    Raises:
        DisclosureError: for a path that would leave the release's folder.
    """
    hashes = {check_path(path): found for path, found in Tree.of(files).hashes.items()}
    return _manifest(hashes, release, decisions, ledger or {})


def compare_hashes(expected: Mapping[str, str], found: Mapping[str, str]) -> tuple[str, ...]:
    """Tell missing, changed and surplus paths in sentences, sorted by path."""
    told = {path: f"缺少文件 {path}。" for path in expected.keys() - found.keys()}
    told |= {path: f"多出文件 {path}。" for path in found.keys() - expected.keys()}
    for path in expected.keys() & found.keys():
        if expected[path] != found[path]:
            told[path] = f"文件 {path} 的内容与发布的不符。"
    return tuple(told[path] for path in sorted(told))


def _manifest(
    files: Mapping[str, str],
    release: Mapping[str, str],
    decisions: Sequence[Mapping[str, str]],
    ledger: Mapping[str, str],
) -> Manifest:
    files, release, ledger = (dict(sorted(each.items())) for each in (files, release, ledger))
    decided = tuple(MappingProxyType(dict(sorted(each.items()))) for each in decisions)
    said = [_FORMAT, files, release, [dict(each) for each in decided], ledger]
    canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    frozen = MappingProxyType
    return Manifest(frozen(files), frozen(release), sha256(canonical.encode()), decided, frozen(ledger))
