"""The last look before a release may be signed: no file of it tells of persons, whatever door a text came by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.confidentiality.personal_data import PersonalDatum
from disclosure.confidentiality.public_text import NOTHING_ACCEPTED, Acceptances, object_to_found, search_public_text
from disclosure.platform.errors import DisclosureError
from disclosure.publication.contents.contents import release_folder
from disclosure.records.installation import Installation
from disclosure.records.states import HeldState
from disclosure.records.tables import HeldDatum, Release
from disclosure.rendering.read_texts import figures_alone_in, texts_in
from disclosure.review.personal.holding import hold, load_acceptances

_TOLD = 3


class PersonalDataError(DisclosureError):
    """Files that would be published tell of persons; ``found`` is what, by path."""

    def __init__(self, sentence: str, found: Mapping[str, Sequence[PersonalDatum]]) -> None:
        super().__init__(sentence)
        self.found = found


def refuse_personal_data(
    catalog: Catalog, files: Mapping[str, bytes], acceptances: Acceptances = NOTHING_ACCEPTED
) -> None:
    """Search every text of every file that would be published.

    Raises:
        PersonalDataError: naming the first files with data of persons, and what to do.
    """
    figures = figures_alone_in(files)
    searched = {
        path: search_public_text(catalog, texts_in(path, content, figures), acceptances)
        for path, content in files.items()
    }
    found = {path: data for path, data in searched.items() if data}
    if found:
        told = [object_to_found(catalog, path, data) for path, data in list(found.items())[:_TOLD]]
        more = f"\n……共 {len(found)} 个文件。" if len(found) > _TOLD else ""
        raise PersonalDataError(
            "发布件不能公布，其中有个人信息：\n" + "\n".join(told) + f"{more}\n请退回写了这些话的单位改正；"
            "确是单位对外公布的联系方式的，登记在 confidentiality.yaml 的 public_contacts 里。",
            found,
        )


def refuse_taken_back(session: Session, installation: Installation, release: Release) -> None:
    """Search a release once more before it is published where an acceptance was taken back since it was rendered.

    Raises:
        PersonalDataError: as ``refuse_personal_data``.
    """
    catalog = installation.catalog
    wanted = select(HeldDatum.id).where(
        HeldDatum.profile == catalog.profile.id,
        HeldDatum.state == HeldState.TAKEN_BACK,
        HeldDatum.judged_at >= release.rendered_at,
    )
    if session.scalars(wanted.limit(1)).first() is not None:
        folder = release_folder(installation.settings.releases, release.digest)
        files = {path: (folder / path).read_bytes() for path in release.files}
        refuse_personal_data(catalog, files, load_acceptances(session, installation))


def hold_found(session: Session, catalog: Catalog, label: str, found: Mapping[str, Sequence[PersonalDatum]]) -> None:
    """Hold what was found in the files of a release, each datum with the first file that has it."""
    first: dict[PersonalDatum, str] = {}
    for path, data in found.items():
        for datum in data:
            first.setdefault(datum, path)
    for datum, path in first.items():
        count = sum(datum in data for data in found.values())
        place = f"{label}发布件 {path}" + (f" 等 {count} 个文件" if count > 1 else "")
        hold(session, catalog.profile.id, [datum], door="release", place=place, by="")
