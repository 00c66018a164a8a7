"""What differs between the files that are taken in: figures in a workbook or in rows, text in a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Office
from disclosure.collection.intake.source_rows import is_rows_file, problem_of, read_rows
from disclosure.collection.narrative.reader import is_text_document, read_narrative
from disclosure.collection.narrative.sections import NarrativeReading, TextProblem
from disclosure.collection.workbook.read.reader import examine
from disclosure.collection.workbook.read.result import Problem, WorkbookReading
from disclosure.collection.workbook.read.signatures import LONGEST_NAME, unsigned
from disclosure.confidentiality.public_text import NOTHING_ACCEPTED, Acceptances
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import Narrative, Submission

FileReading = WorkbookReading | NarrativeReading
FileRow = Submission | Narrative
#: The kinds of text document that are handed out.
_MARKED_TEXTS = (".docx", ".md")


@dataclass(frozen=True)
class FileKind:
    """A kind of file: its table and the name of that table's owner, its rules of being due, its words.

    ``noun`` is the file, ``content`` what is in it, ``fill`` what people do with it, ``after_check`` what
    happens to a good one later; ``event`` begins the names of its
    ledger entries.
    """

    table: type[FileRow]
    owner: str
    event: str
    noun: str
    content: str
    fill: str
    after_check: str
    due: Callable[..., tuple[Office, ...]]
    standing: Callable[..., dict[str, Any]]


FIGURES = FileKind(
    table=Submission,
    owner="centre",
    event="submission",
    noun="报表",
    content="数据",
    fill="填报",
    after_check="",
    due=queries.centres_to_hand_in,
    standing=queries.standing_submissions,
)
TEXT = FileKind(
    table=Narrative,
    owner="office",
    event="narrative",
    noun="文稿",
    content="文字",
    fill="填写",
    after_check="；文中的数报送后与数据核对",
    due=queries.sections_to_write,
    standing=queries.standing_narratives,
)


@dataclass(frozen=True)
class FileSubject:
    """What a file says it is about, in catalogue ids."""

    profile: str
    period: Period
    round: int
    office: str
    only: tuple[str, ...] = ()


def kind_of(reading: FileReading) -> FileKind:
    """Return the kind of what was read."""
    return TEXT if isinstance(reading, NarrativeReading) else FIGURES


def read_file(
    catalog: Catalog,
    content: bytes,
    name: str,
    inbox: str = "",
    *,
    only: Iterable[str] = (),
    acceptances: Acceptances = NOTHING_ACCEPTED,
) -> FileReading:
    """Read a workbook, rows, or a text document, as its name, its first bytes and the office of its inbox tell.

    Raises:
        DisclosureError: when that inbox takes no such file.
    """
    is_centres = not inbox or inbox in {office.id for office in catalog.centres}
    # Of a centre's inbox a scanned report is a workbook gone wrong, of a section's a text.
    if name.lower().endswith(_MARKED_TEXTS) if inbox and is_centres else is_text_document(name):
        return read_narrative(content, name, catalog, acceptances)
    if not is_centres and not name.lower().endswith(".xlsx"):
        raise DisclosureError(
            f"这里是“{catalog.offices[inbox].name}”的收件夹，只收文字部分的文稿（.docx 或 .md），"
            f"没有收取“{name}”。请用本系统下发的文稿填写；其他材料请另行送交。"
        )
    if is_rows_file(content):
        return unsigned(read_rows(content, name, catalog, only=only, acceptances=acceptances))
    return examine(content, name, catalog, acceptances)


def subject_of(catalog: Catalog, reading: FileReading, inbox: str = "") -> FileSubject:
    """Return what the file is about.

    Raises:
        DisclosureError: when it does not say.
    """
    if isinstance(reading, WorkbookReading) and (cover := reading.cover):
        return FileSubject(cover.profile, cover.period, cover.round, cover.centre, cover.only)
    if isinstance(reading, NarrativeReading) and (head := reading.head):
        return FileSubject(head.profile, head.period, head.round, head.office)
    writers = {office.id: office.name for office in catalog.writers}
    if isinstance(reading, NarrativeReading) and inbox and inbox not in writers:
        whose = f"文字部分由{'、'.join(writers.values())}报送，请放进它的收件夹；" if writers else ""
        raise DisclosureError(
            f"这里是“{catalog.offices[inbox].name}”的收件夹，只收本系统下发的 .xlsx 报表，没有收取这份文稿。"
            f"{whose}其他材料请另行送交。"
        )
    raise DisclosureError("\n".join(problem.sentence for problem in reading.problems))


def columns_of_reading(reading: FileReading) -> dict[str, Any]:
    """Return what the file's row keeps of its reading."""
    if isinstance(reading, NarrativeReading):
        return {
            "author": reading.head.author[:LONGEST_NAME] if reading.head else "",
            "problems": [{"section": problem.sheet, "words": problem.found} for problem in reading.problems],
            "sections": reading.sections,
        }
    return {
        # A longer one is a problem of its own, with its cell.
        "filler": reading.cover.filler[:LONGEST_NAME] if reading.cover else "",
        "checker": reading.cover.checker[:LONGEST_NAME] if reading.cover else "",
        "problems": [
            {"sheet": p.sheet, "cell": p.cell, "found": p.found, "expected": p.expected, "why": p.why}
            | ({"confirm": "yes"} if p.confirm else {})
            | ({"row": p.row} if p.row else {})
            for p in reading.problems
        ],
        "explanations": [vars(explanation) for explanation in reading.explanations],
    }


def problems_of_row(row: FileRow) -> tuple[Problem, ...]:
    """Return the problems as the records have them."""
    if isinstance(row, Narrative):
        return tuple(TextProblem(said["section"], said["words"]) for said in row.problems)
    return tuple(problem_of(said) for said in row.problems)
