"""Handing out: which centre gets which workbook, pre-filled with what, and which section its text document."""

from __future__ import annotations

from pathlib import Path

from disclosure import cycles
from disclosure.collection.narratives import hand_out_documents
from disclosure.collection.workbook_reading import Explanation
from disclosure.collection.workbook_writer import write_workbook
from disclosure.compilation import figures_of_period, history, submission_figures
from disclosure.workplace import Workplace


def hand_out(place: Workplace, cycle_id: int) -> list[Path]:
    """Write the current round's workbooks and text documents below ``home/workbooks/PERIOD``.

    One that exists is left alone. In a returned round a centre gets its own figures back with the reviewer's words.
    """
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        period = cycles.period_of(cycle)
        centres = cycles.centres_to_hand_in(session, place.catalog, cycle)
        known = history(session, place.catalog, period)
        standing = cycles.standing_submissions(session, cycle)
        returned = cycles.returned_centres(session, cycle, cycle.round - 1) if cycle.round > 1 else {}
        folder = place.settings.workbooks / period.id
        written = []
        for centre in centres:
            path = folder / workbook_name(period.label, centre.name, cycle.round)
            if not path.exists():
                earlier = standing.get(centre.id)
                write_workbook(
                    path,
                    place.catalog,
                    period,
                    centre.id,
                    round_number=cycle.round,
                    only=cycle.only,
                    last=figures_of_period(known, period.previous()),
                    year_before=figures_of_period(known, period.year_before()),
                    filled=submission_figures(earlier) if earlier else (),
                    explanations=[Explanation(**said) for said in earlier.explanations] if earlier else (),
                    message=returned.get(centre.id, ""),
                    cover=(earlier.filler, earlier.checker, "") if earlier else ("", "", ""),
                )
            written.append(path)
        return written + hand_out_documents(place, session, cycle)


def workbook_name(period_label: str, centre_name: str, round_number: int) -> str:
    """``2025年度-州社保中心-第1轮.xlsx``."""
    return f"{period_label}-{centre_name}-第{round_number}轮.xlsx"
