"""Withdrawing a release from every channel, and restoring it: the records say what is to be seen, then it is shown.

The row is committed before any channel is touched, so whoever was killed half way is followed by the same call made
again, by the next publication or by the morning's supervision, all of which show what the records say. A channel that
cannot be reached keeps no other from being withdrawn: a wrong figure that is still up in one place is no reason to
leave it up in all.
"""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Channel as ChannelFact
from disclosure.catalog import PowerId
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets, from_environment
from disclosure.publication.act import Act, stage_whole
from disclosure.publication.channels import Channel, Staged, open_channel
from disclosure.publication.contents import package_tree, shown_package
from disclosure.publication.deliveries import deliveries, note
from disclosure.publication.tree import Tree
from disclosure.publication.turn import turn
from disclosure.publication.upkeep import hold_to, recorded_site
from disclosure.records import ledger
from disclosure.records.correction_tables import Withdrawal
from disclosure.records.tables import Cycle, Release
from disclosure.review.powers import use_power
from disclosure.workplace import Workplace

#: in error 有误, superseded 被取代, by order 依上级要求.
Kind = Literal["in_error", "superseded", "by_order"]


def withdraw(
    place: Workplace, cycle_id: int, kind: Kind, *, name: str, reason: str, code: str, now: dt.datetime
) -> str:
    """Note that the public is not to see this cycle's figures any more; why not, or an empty text.

    ``settle`` then does it. Withdrawn already: nothing changes.

    Raises:
        DisclosureError: when nothing is published.
    """
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        cycles.lock(session, cycle)
        release = _published(session, cycle)
        if cycles.is_withdrawn(session, cycle, release):
            return ""
        power = cast(PowerId, f"withdraw_{kind}")
        person = use_power(session, place.catalog, place.cipher, power, name=name, reason=reason, code=code, now=now)
        if isinstance(person, str):
            return person
        last = cycles.withdrawal_of(session, cycle)
        session.add(
            Withdrawal(
                cycle_id=cycle.id,
                number=last.number + 1 if last else 1,
                version=release.version,
                kind=kind,
                reason=reason.strip().rstrip("。"),
                state="withdrawing",
                person_id=person.id,
                withdrawn_at=now,
            )
        )
        ledger.append(
            session,
            "release.withdrawing",
            actor=person.name,
            cycle_id=cycle.id,
            digest=release.digest,
            version=release.version,
            kind=kind,
            reason=reason.strip().rstrip("。"),
        )
    return ""


def restore(place: Workplace, cycle_id: int, *, name: str, reason: str, code: str, now: dt.datetime) -> str:
    """Note that the public is to see the figures again; why not, or an empty text. ``settle`` then does it.

    Raises:
        DisclosureError: when nothing was withdrawn, or a newer version has come out since.
    """
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        cycles.lock(session, cycle)
        withdrawal = check_restorable(session, cycle)
        if not withdrawal.is_effective:
            return ""
        person = use_power(
            session, place.catalog, place.cipher, "restore", name=name, reason=reason, code=code, now=now
        )
        if isinstance(person, str):
            return person
        withdrawal.state, withdrawal.restored_by_id, withdrawal.restored_at = "restoring", person.id, now
        withdrawal.restore_reason = reason.strip()
        ledger.append(
            session,
            "release.restoring",
            actor=person.name,
            cycle_id=cycle.id,
            version=withdrawal.version,
            reason=withdrawal.restore_reason,
        )
    return ""


def check_restorable(session: Session, cycle: Cycle) -> Withdrawal:
    """The withdrawal that a restoration would end, or has ended.

    Raises:
        DisclosureError: when there is none, or a newer version has come out since.
    """
    label = cycles.period_of(cycle).label
    withdrawal = cycles.withdrawal_of(session, cycle)
    if withdrawal is None:
        raise DisclosureError(f"{label}没有撤回过，不用恢复。")
    release = _published(session, cycle)
    if release.version > withdrawal.version:
        raise DisclosureError(f"{label}撤回以后已发布第 {release.version} 版，撤回的旧版不能再恢复。")
    return withdrawal


def is_unsettled(session: Session, cycle: Cycle) -> bool:
    """Whether a withdrawal or restoration is noted and not yet seen on every channel."""
    withdrawal = cycles.withdrawal_of(session, cycle)
    return withdrawal is not None and withdrawal.state in ("withdrawing", "restoring")


def settle(place: Workplace, cycle_id: int, read_secret: Secrets = from_environment) -> tuple[str, ...]:
    """Show on every channel what the records say of this cycle; the names of the channels that had to be changed.

    Everything is staged and read back first, then all switch. Settled already: nothing is written.

    Raises:
        DisclosureError: naming the channels that failed; the others are done, and the next call goes on.
    """
    with turn(place):
        work = _Settling(place, cycle_id, read_secret)
        try:
            changed = work.trees() + work.articles()
        finally:
            work.close()
        if work.failures:
            raise DisclosureError(
                f"{work.label}没有在全部渠道办完：{''.join(work.failures)}请处理后重试，会从未完成的渠道继续。"
            )
        _conclude(place, cycle_id, changed)
        return tuple(changed)


class _Settling:
    """One attempt."""

    def __init__(self, place: Workplace, cycle_id: int, read_secret: Secrets) -> None:
        self.place, self.cycle_id, self.read_secret = place, cycle_id, read_secret
        self.failures: list[str] = []
        self._closing = ExitStack()
        with place.records.read() as session:
            cycle = cycles.get_cycle(session, cycle_id)
            self.label = cycles.period_of(cycle).label
            self.newest = _published(session, cycle)
            self.is_withdrawn = cycles.is_withdrawn(session, cycle, self.newest)

    def close(self) -> None:
        """Let go of the channels."""
        self._closing.close()

    def trees(self) -> list[str]:
        """Channels that hold whole trees: the site, packages in folders and stores."""
        ready: list[tuple[ChannelFact, Channel, Tree, Staged]] = []
        for fact in self.place.catalog.publishes_to:
            if fact.kind == "wechat":
                continue
            try:
                tree = self._tree(fact)
                if tree is None:
                    continue
                channel = self._closing.enter_context(open_channel(fact, self.place.settings.home, self.read_secret))
                if channel.read_live(tree):
                    ready.append((fact, channel, tree, stage_whole(channel, tree)))
            except DisclosureError as error:
                self.failures.append(str(error))
        changed = []
        for fact, channel, tree, staged in ready:
            try:
                channel.switch(staged)
                hold_to(channel, tree)
                # Nothing that was withdrawn stays behind, at however unguessable a place.
                channel.tidy(())
            except DisclosureError as error:
                self.failures.append(str(error))
            else:
                changed.append(fact.name)
        return changed

    def _tree(self, fact: ChannelFact) -> Tree | None:
        if fact.content == "site":
            return recorded_site(self.place)
        with self.place.records.read() as session:
            package = shown_package(session, self.place, fact)
            return package[1] if package else None

    def articles(self) -> list[str]:
        """The official account: articles stand beside one another, each is deleted or published again by itself."""
        accounts = tuple(fact for fact in self.place.catalog.publishes_to if fact.kind == "wechat")
        return [fact.name for fact in accounts if (self._deleted(fact) if self.is_withdrawn else self._again(fact))]

    def _deleted(self, fact: ChannelFact) -> bool:
        changed = False
        for release_id, staged in _articles(self.place, self.cycle_id, fact.id, self.newest.version):
            try:
                with open_channel(fact, self.place.settings.home, self.read_secret) as channel:
                    channel.undo(staged, "")
            except DisclosureError as error:
                self.failures.append(str(error))
                continue
            with self.place.records.write() as session:
                note(session, release_id, fact.id, "switch", "undone", reason="已撤回。")
            changed = True
        return changed

    def _again(self, fact: ChannelFact) -> bool:
        trees = {fact.id: package_tree(self.place, self.newest, fact)}
        with Act(self.place, self.newest.id, (fact,), trees, self.read_secret) as act:
            if act.is_intact():
                return False
            act.stage()
            act.switch(stops_at_failure=True)
            self.failures += act.failures.values()
            return not act.failures


def retire_articles(place: Workplace, cycle_id: int, read_secret: Secrets) -> None:
    """Delete earlier versions' articles once a correction is live: an article cannot carry a banner.

    Raises:
        DisclosureError: when an account cannot be reached; publishing again goes on.
    """
    with place.records.read() as session:
        release = _published(session, cycles.get_cycle(session, cycle_id))
    for fact in place.catalog.publishes_to:
        if fact.kind != "wechat":
            continue
        for release_id, staged in _articles(place, cycle_id, fact.id, release.version - 1):
            with open_channel(fact, place.settings.home, read_secret) as channel:
                channel.undo(staged, "")
            with place.records.write() as session:
                note(session, release_id, fact.id, "switch", "undone", reason=f"已由第{release.version}版更正。")


def _articles(place: Workplace, cycle_id: int, channel: str, until_version: int) -> list[tuple[int, Staged]]:
    """What this cycle's versions up to ``until_version`` have, or may have, on an official account."""
    with place.records.read() as session:
        releases = session.scalars(
            select(Release).where(Release.cycle_id == cycle_id, Release.is_live, Release.version <= until_version)
        )
        rows = [(release.id, deliveries(session, release.id).get((channel, "switch"))) for release in releases]
        return [
            (release_id, Staged(row.token, row.digest))
            for release_id, row in rows
            if row is not None and row.token and row.state != "undone"
        ]


def _conclude(place: Workplace, cycle_id: int, changed: list[str]) -> None:
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        withdrawal = cycles.withdrawal_of(session, cycle)
        if withdrawal is None or not is_unsettled(session, cycle):
            return
        withdrawal.state = "withdrawn" if withdrawal.is_effective else "restored"
        ledger.append(
            session,
            f"release.{withdrawal.state}",
            actor="系统",
            cycle_id=cycle_id,
            version=withdrawal.version,
            channels=sorted(changed),
        )


def _published(session: Session, cycle: Cycle) -> Release:
    release = cycles.published_release(session, cycle)
    if release is None:
        raise DisclosureError(f"{cycles.period_of(cycle).label}还没有发布，没有可以撤回或恢复的。")
    return release
