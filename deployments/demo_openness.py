"""The openness catalogue at the end of a demonstration: sample content through its own gates, as the public sees it.

The offices' content is approved in bulk, by the functions that runs call; the statistics that the cycle just filled go
through a run of ``openness_change``, which publishes all of it in one switch. A newer guide is left under way, waiting
for its reviewers in the Prefect UI.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from deployments.local import Child
from disclosure.openness import changes
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.publication.openness import publish_openness
from disclosure.records.subjects import SubjectKey
from disclosure.records.tables import OpennessChange
from disclosure.review.refusals import Refusal
from disclosure.simulation.actors import Actors, fill_in_review
from disclosure.simulation.demo_openness import demo_contents
from disclosure.simulation.openness import OpennessActors, new_contents
from tasks.orchestration import runs
from tasks.orchestration.repair import start_successor
from tasks.orchestration.resume import answer_run

_STEP_SECONDS = 120.0
#: What offices hand in first was written some days ago; the clocks of their items began then.
_WRITTEN_DAYS_AGO = 3
_UNFINISHED = "演示没有走完："


@dataclass(frozen=True)
class OpennessShown:
    """What the demonstration made public: how many elements, of how many items; the change left under way."""

    elements: int
    items: int
    under_way_run: UUID


def play_openness(actors: Actors, runner: Child, progress: Callable[[str], None]) -> OpennessShown | None:
    """Publish the profile's sample content and the statistics of what was published; None without samples.

    Raises:
        DisclosureError: when any step does not get where it should; the cycle stays published, and the error says so.
    """
    try:
        return _play(actors, runner, progress)
    except DisclosureError as error:
        reason = str(error).removeprefix(_UNFINISHED)
        raise DisclosureError(
            f"{_UNFINISHED}社会保险信息已经发布，而政务公开没有演示完：{reason}\n"
            f"已发布的页面：{actors.installation.settings.home / 'site' / 'index.html'}"
        ) from error


def _play(actors: Actors, runner: Child, progress: Callable[[str], None]) -> OpennessShown | None:
    installation, catalog = actors.installation, actors.catalog
    texts = demo_contents(catalog, installation.settings.workbooks / "政务公开")
    if not texts:
        return None
    players = OpennessActors(actors)
    today = shanghai(utc_now()).date()
    first = new_contents(texts, "首次公开", today - dt.timedelta(days=_WRITTEN_DAYS_AGO))
    for office in dict.fromkeys(catalog.openness_items[new.item].owner for new in first):
        own = [new for new in first if catalog.openness_items[new.item].owner == office]
        progress(f"政务公开：{catalog.offices[office].name}报送 {len(own)} 个要素，政策、保密审核通过")
        players.approve(players.hand_in(own))
    key = next((item, name) for item, name in texts if catalog.openness_items[item].elements[name].kind == "guide")
    players.answer_request(key[0])
    with installation.begin() as work:
        statistics = changes.note_statistics(work)
    for change_id in statistics:
        progress("政务公开：刚发布的数据填入统计要素，由科室核对、审核后公开")
        _play_run(players, change_id, runner)
    publish_openness(installation)
    newer = texts[key].replace("演示号码", "演示号码，新")
    under_way = players.hand_in(new_contents({key: newer}, "换了咨询电话", today))
    run_id = _start(players, under_way)
    runs.wait_for_form(run_id, "", _STEP_SECONDS, runner.last_words)
    progress("政务公开：已公开；另有一项新的变更在 20 个工作日的时限内，正等审核")
    with installation.records.read() as session:
        filled = changes.newest_versions(session, catalog)
    return OpennessShown(len(filled), len({item for item, _ in filled}), run_id)


def _start(players: OpennessActors, change_id: int) -> UUID:
    return start_successor(players.actors.installation, SubjectKey(OpennessChange, change_id), None)


def _play_run(players: OpennessActors, change_id: int, runner: Child) -> None:
    """Answer what the run of a change asks until it has published."""
    installation, catalog = players.actors.installation, players.actors.catalog
    run_id, key = _start(players, change_id), ""
    while form := runs.wait_for_form(run_id, key, _STEP_SECONDS, runner.last_words):
        fields = form.schema["properties"]
        if "gate" in fields:
            gate = next(gate for gate in catalog.gates.values() if gate.name in fields["gate"]["enum"])
            filled_in = fill_in_review(fields, gate.name, "通过", players.approval(gate.id).proof)
        else:
            filled_in = players.readiness(change_id)
        outcome = answer_run(installation, str(run_id), filled_in)
        if isinstance(outcome, Refusal):
            raise DisclosureError(f"演示没有走完：政务公开的答复没有被接受：{outcome.sentence}")
        key = form.key
    run = runs.wait_for(run_id, runs.has_ended, _STEP_SECONDS, runner.last_words)
    if run.state is None or not run.state.is_completed():
        raise DisclosureError(f"演示没有走完：政务公开没有发布。\n{runner.last_words()}")
