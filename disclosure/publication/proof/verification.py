"""Checking what was published from outside: no records, no secrets, the published files and public keys alone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from disclosure.platform.clock import format_moment
from disclosure.platform.errors import DisclosureError
from disclosure.publication.contents.site import KEYS, KEYS_SIGNATURE, MANIFEST, SIGNATURE
from disclosure.publication.contents.tree import check_path
from disclosure.publication.proof.manifest import Manifest, sha256
from disclosure.publication.proof.signing import PublicKey, Signature, read_keys, verify
from disclosure.publication.proof.sources import PublishedFiles
from disclosure.records.checkpoints import Checkpoint

_LIST = "releases.json"
#: Where the list of keys is looked for: at the site's root, beside the files, above a release's folder.
_KEYS = (
    (KEYS, KEYS_SIGNATURE),
    ("keys.json", "keys.jws"),
    ("../../keys/keys.json", "../../keys/keys.jws"),
)


@dataclass
class VerifiedRelease:
    """One release. ``files``: path -> what is wrong with it, empty when nothing is; ``problems``: of the whole."""

    folder: str
    title: str = ""
    published: str = ""
    signature: Signature | None = None
    ledger: str = ""
    files: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether everything is as it was published."""
        return not self.problems and not any(self.files.values())


def trusted_keys(source: PublishedFiles, given: Iterable[PublicKey] = ()) -> tuple[PublicKey, ...]:
    """Return the keys to believe: those ``given``, or else the published list when it is signed by one of its own.

    Raises:
        DisclosureError: when there is no list, or it was altered, or does not hold the keys that were given.
    """
    given = tuple(given)
    for path, signature_path in _KEYS:
        content = source.read(path)
        if content is None:
            continue
        keys = read_keys(content, path)
        signature = source.read(signature_path)
        if signature is None:
            raise DisclosureError(f"缺少公钥列表的签名 {signature_path}，不能相信公钥列表；请重新下载。")
        verify(signature, content, keys, path)
        if given and not {key.id for key in given} <= {key.id for key in keys}:
            raise DisclosureError(
                f"所给的公钥不在公布的公钥列表 {path} 中：网站可能是仿冒的，或者所给的公钥不对，请向发布机构核实。"
            )
        return given or keys
    if given:
        return given
    raise DisclosureError(
        f"{source.name} 里没有公钥列表 keys/keys.json，无从核验签名。请从官方网站下载它放在一起，或用 --key 给出公钥。"
    )


def check(source: PublishedFiles, keys: Iterable[PublicKey]) -> Iterator[VerifiedRelease]:
    """Check every release of ``source``: a site, or one release's folder.

    Raises:
        DisclosureError: when there is no release, or something cannot be read.
    """
    keys = tuple(keys)
    folders = [""] if source.read(MANIFEST) is not None or source.read(SIGNATURE) is not None else _folders(source)
    if not folders:
        raise DisclosureError(
            f"{source.name} 里没有核验清单 {MANIFEST}，请给出网站首页或某一期的地址，或者下载下来的文件夹。"
        )
    for folder in folders:
        yield _check_release(source, folder, keys)


def _folders(source: PublishedFiles) -> list[str]:
    """Return the releases' folders, each ending in a slash: those there are, and those the site's list names."""
    found = set()
    for path in source.paths() or ():
        folder, _, name = path.rpartition("/")
        if name in {MANIFEST, SIGNATURE}:
            found.add(f"{folder}/")
        elif path.startswith("releases/") and path.count("/") >= 2:
            # On a site, a release that lost both is missed all the same.
            found.add("/".join(path.split("/")[:2]) + "/")
    content = source.read(_LIST)
    if content is not None:
        try:
            for release in json.loads(content)["releases"]:
                found |= {
                    check_path(each["path"].rstrip("/")) + "/" for each in (release, *release["earlier_versions"])
                }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DisclosureError(f"{source.name} 的披露目录 {_LIST} 已损坏或被改动过，请重新下载。") from error
    return sorted(found)


def _check_release(source: PublishedFiles, folder: str, keys: tuple[PublicKey, ...]) -> VerifiedRelease:
    checked = VerifiedRelease(folder)
    content, signature = source.read(folder + MANIFEST), source.read(folder + SIGNATURE)
    for path, found in ((MANIFEST, content), (SIGNATURE, signature)):
        if found is None:
            checked.files[path] = f"缺少文件 {folder}{path}。"
    if content is None or signature is None:
        return checked
    try:
        checked.signature = verify(signature, content, keys, folder + MANIFEST)
        manifest = Manifest.from_json(content)
    except DisclosureError as error:
        checked.files[MANIFEST] = str(error)
        return checked
    checked.title = manifest.release.get("title", "")
    published_at = manifest.release.get("published_at", "")
    checked.published = format_moment(dt.datetime.fromisoformat(published_at)) if published_at else ""
    checked.files |= {MANIFEST: "", SIGNATURE: ""}
    _check_ledger(checked, manifest.ledger, keys)
    for path, expected in manifest.files.items():
        checked.files[path] = _file_problem(source, folder, path, expected)
    # A folder of one release may hold the list of keys too, which was checked by itself.
    beside = {MANIFEST, SIGNATURE, *(() if folder else (name for pair in _KEYS[:2] for name in pair))}
    for path in sorted(source.paths() or ()):
        if path.startswith(folder) and path.removeprefix(folder) not in manifest.files.keys() | beside:
            checked.files[path.removeprefix(folder)] = f"多出文件 {path}：它不在核验清单里，不是这次发布的内容。"
    return checked


def _file_problem(source: PublishedFiles, folder: str, path: str, expected: str) -> str:
    found = source.read(folder + check_path(path))
    if found is None:
        return f"缺少文件 {folder}{path}。"
    return "" if sha256(found) == expected else f"文件 {folder}{path} 的内容与发布的不符。"


def _check_ledger(checked: VerifiedRelease, ledger: Mapping[str, str], keys: tuple[PublicKey, ...]) -> None:
    if not ledger:
        return
    checkpoint = Checkpoint(int(ledger["length"]), ledger["head_hash"], ledger["at"], ledger["signature"])
    checked.ledger = f"第 {checkpoint.length} 条，{checkpoint.head_hash}"
    signer = next((key for key in keys if key.use == "ledger" and key.id == ledger["key"]), None)
    # Whoever was given one key alone has the manifest's signature over the checkpoint, and that is enough.
    if signer and not signer.verify(bytes.fromhex(checkpoint.signature), checkpoint.signed_bytes):
        checked.problems.append(f"{checked.folder}{MANIFEST} 里的台账检查点签名不对，请向发布机构反映。")


def told_key(key: PublicKey) -> str:
    """Return a key as people compare it."""
    until = f"，用到 {format_moment(key.until)}" if key.until else ""
    return f"{key.id}（公钥 {key.x}{until}）"
