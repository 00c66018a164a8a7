"""The site's own pages as HTML: home, search, an insurance's history, a county."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from disclosure.catalog import Catalog
from disclosure.platform.clock import format_day, format_moment
from disclosure.rendering.document.phrases import Phrases, fill_text, load_phrases
from disclosure.rendering.open_data.metadata import history_dataset, script_json, site_dataset
from disclosure.rendering.site.collected import Collected, Point, chronological, latest_own
from disclosure.rendering.site.entries import SiteEntry
from disclosure.rendering.site.explorer import Replaced, explorer_data
from disclosure.rendering.site.glossary import explained
from disclosure.rendering.site.history import History
from disclosure.rendering.site.latest import LatestFile
from disclosure.rendering.site.schedule import SCHEDULE_FILE, ScheduledRelease, yearly_limits
from disclosure.rendering.templates import inline_script, kilobytes, render_html

#: How many releases the home page tells in full.
LATEST = 6


@dataclass(frozen=True)
class Tile:
    """A link to a page over several periods; ``lead`` is its latest headline figure, of ``period``."""

    id: str
    name: str
    address: str
    label: str = ""
    lead: Point | None = None
    period: str = ""


@dataclass(frozen=True)
class SiteLinks:
    """What the site's pages link to."""

    entries: Sequence[SiteEntry]
    insurances: Sequence[Tile]
    counties: Sequence[Tile]


def insurance_tile(catalog: Catalog, phrases: Phrases, collected: Collected, insurance: str) -> Tile:
    """Return the tile of an insurance with its latest headline figure."""
    name, address = catalog.insurances[insurance].name, f"insurances/{insurance}.html"
    lead = f"{insurance}.{phrases.highlights.lead}"
    latest = latest_own(collected.of(catalog.prefecture.code, lead))
    if latest is None or not latest[1].value:
        return Tile(insurance, name, address)
    return Tile(insurance, name, address, catalog.indicators[lead].name, latest[1], latest[0].label)


def home_page(
    catalog: Catalog,
    links: SiteLinks,
    *,
    sizes: Mapping[str, int],
    openness: str,
    scheduled: Sequence[ScheduledRelease],
) -> bytes:
    """Return the newest releases and the ways to everything else.

    ``sizes`` in kB of the files of the releases shown, by path; ``openness`` is the catalogue's title where the site
    has one, ``scheduled`` the release calendar.
    """
    lead = load_phrases(catalog).highlights.lead
    lead_name = next((each.name for each in catalog.reported.values() if each.id.partition(".")[2] == lead), "")
    coming = next((each for each in scheduled if each.state == "next"), None)
    return render_html(
        "index.html.j2",
        **_common(catalog, demo=any(entry.demo for entry in links.entries)),
        description=catalog.profile.description,
        entries=links.entries,
        latest=links.entries[:LATEST],
        sizes=sizes,
        insurances=links.insurances,
        counties=links.counties,
        compared=[
            (catalog.insurances[tile.id].name, f"{tile.id}.{lead}")
            for tile in links.insurances
            if (indicator := catalog.indicators.get(f"{tile.id}.{lead}")) and indicator.by_county
        ],
        compared_by=lead_name,
        openness=openness,
        events=tuple(catalog.life_events.values()),
        coming=coming,
        coming_on=format_day(coming.deadline.legal) if coming and coming.deadline else "",
        dataset=site_dataset(catalog, links.entries[:LATEST]),
    )


def search_page(catalog: Catalog, links: SiteLinks) -> bytes:
    """Everything there is as a plain list, and the search over it."""
    script, policy = inline_script("search.js")
    by_year = sorted(links.entries, key=lambda entry: chronological(entry.period), reverse=True)
    return render_html(
        "search.html.j2",
        **_common(catalog, demo=any(entry.demo for entry in links.entries)),
        years=[(year, list(group)) for year, group in groupby(by_year, key=lambda entry: entry.period.year)],
        insurances=links.insurances,
        counties=links.counties,
        script=script,
        script_policy=policy,
    )


def explorer_page(catalog: Catalog, links: SiteLinks, collected: Collected, replaced: Replaced) -> bytes:
    """Return 查数: pick figures and see them; without scripts a list of where each indicator stands."""
    script, policy = inline_script("workbook.js", "explorer.js")
    whole = catalog.prefecture.code
    plain = []
    for tile in links.insurances:
        latest = [
            (indicator, max(points.items(), key=lambda item: chronological(item[0]))[1].key)
            for indicator in catalog.indicators.values()
            if indicator.insurance == tile.id
            and (points := {p: each for p, each in collected.of(whole, indicator.id).items() if p.kind != "special"})
        ]
        if latest:
            plain.append((tile, latest))
    return render_html(
        "explorer.html.j2",
        **_common(catalog, demo=any(entry.demo for entry in links.entries)),
        words=load_phrases(catalog).explorer,
        whole=catalog.whole_name,
        has_parts=bool(catalog.parts_of_prefecture),
        plain=plain,
        data=script_json(explorer_data(catalog, collected, replaced)),
        script=script,
        script_policy=policy,
    )


def schedule_page(catalog: Catalog, scheduled: Sequence[ScheduledRelease]) -> bytes:
    """Return the release calendar: what comes next, what came out when, and the limits of every year."""
    return render_html(
        "schedule.html.j2",
        **_common(catalog, demo=any(each.entry.demo for each in scheduled if each.entry)),
        words=load_phrases(catalog).schedule,
        coming=[each for each in scheduled if each.state in ("next", "later")],
        past=[each for each in scheduled if each.state not in ("next", "later")],
        limits=list(yearly_limits(catalog)),
        calendar=SCHEDULE_FILE,
        format_day=format_day,
    )


def glossary_page(catalog: Catalog) -> bytes:
    """Return what every indicator means, how it is compared, and how figures come about."""
    phrases, insurances = load_phrases(catalog), explained(catalog)
    used = {term.indicator.kind for each in insurances for group in each.groups for term in group.terms}
    names, bases = catalog.comparisons.names, catalog.comparisons.compared_with
    centres = dict.fromkeys(indicator.centre for indicator in catalog.reported.values())
    return render_html(
        "glossary.html.j2",
        **_common(catalog, demo=False),
        words=phrases.glossary,
        insurances=insurances,
        count=sum(each.count for each in insurances),
        kinds=[kind for kind in phrases.glossary.kinds if kind in used],
        centres=[catalog.offices[centre].name for centre in centres],
        bases=fill_text(phrases.notes.bases, at_end=names[bases.at_end], in_period=names[bases.in_period]),
        rounding=phrases.notes.rounding,
        states=phrases.states,
        no_comparison=phrases.no_comparison,
    )


def verifier_page(catalog: Catalog, links: SiteLinks, keys: bytes) -> bytes:
    """Return the page that checks releases, on the site or saved to disk; ``keys`` is the JWK set it trusts."""
    script, policy = inline_script("verify.js")
    listed = [
        {**key, "since": _said(key["nbf"]), "until": _said(key["exp"]) if "exp" in key else ""}
        for key in json.loads(keys)["keys"]
    ]
    return render_html(
        "verify.html.j2",
        **_common(catalog, demo=any(entry.demo for entry in links.entries)),
        address=catalog.outlets.site.address,
        keys=listed,
        # No tag can end inside of it: "<" does not occur in base64url and numbers.
        keys_json=Markup(json.dumps(json.loads(keys), separators=(",", ":"))),  # noqa: S704 - see above
        script=script,
        script_policy=policy,
    )


def history_page(
    catalog: Catalog,
    history: History,
    charts: Mapping[str, str],
    csv: bytes,
    *,
    listed: str,
    siblings: Sequence[Tile],
) -> bytes:
    """Return a page over several periods.

    ``charts`` is SVG by chart id (trusted: drawn by ``charts.chart_svg``); ``listed`` is the heading under which the
    home page lists it (``insurances`` or ``counties``), ``siblings`` what else is listed there.
    """
    return render_html(
        "history.html.j2",
        **_common(catalog, demo=history.is_demo),
        history=history,
        charts={name: Markup(svg) for name, svg in charts.items()},  # noqa: S704 - see above
        size=kilobytes(len(csv)),
        listed=listed,
        picked=_picked(catalog, history.id),
        siblings=siblings,
        dataset=history_dataset(history, catalog.profile.publisher),
    )


def open_data_page(catalog: Catalog, links: SiteLinks, latest: Sequence[LatestFile]) -> bytes:
    """Return where data lie at addresses that stay, what the columns mean, and on what terms they may be used."""
    facts = catalog.outlets
    return render_html(
        "open_data.html.j2",
        **_common(catalog, demo=any(entry.demo for entry in links.entries)),
        address=facts.site.address,
        has_releases=bool(links.entries),
        latest=latest,
        insurances=links.insurances,
        counties=links.counties,
        fields=facts.open_data.fields,
        licence=fill_text(facts.licence.line, publisher=catalog.profile.publisher),
        calendar=SCHEDULE_FILE,
    )


def accessibility_page(catalog: Catalog) -> bytes:
    """Return what the site does for readers with disabilities, what it lacks, and whom to tell."""
    return render_html("accessibility.html.j2", **_common(catalog, demo=False))


def _picked(catalog: Catalog, page: str) -> str:
    """Return what 查数 shows first to who comes from the page of an insurance or of a county."""
    lead = load_phrases(catalog).highlights.lead
    if page in catalog.insurances:
        return f"i={page}.{lead}"
    led = ",".join(each for name in catalog.insurances if (each := f"{name}.{lead}") in catalog.reported)
    return f"i={led}&r={page}&p=latest"


def _common(catalog: Catalog, *, demo: bool) -> dict[str, Any]:
    profile = catalog.profile
    note = fill_text(load_phrases(catalog).notes.demo, origin=profile.demo_figures_origin) if demo else ""
    return {
        "site_title": profile.title,
        "site": catalog.outlets.site,
        "publisher": profile.publisher,
        "contact": profile.contact,
        "demo": note,
    }


def _said(seconds: int) -> str:
    return format_moment(dt.datetime.fromtimestamp(seconds, dt.UTC))
