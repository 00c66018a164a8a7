"""Withdrawing a release from every channel, and restoring it: the records say what is to be seen, then it is shown.

The row is committed before any channel is touched, so whoever was killed half way is followed by the same call made
again, by the next publication or by the morning's supervision, all of which show what the records say. A channel that
cannot be reached keeps no other from being withdrawn: a wrong figure that is still up in one place is no reason to
leave it up in all.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, Channel, PowerId
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secrets, from_environment
from disclosure.publication.contents.contents import package_tree, shown_package
from disclosure.publication.contents.tree import Tree
from disclosure.publication.deliveries import DeliverySubject, visible_deliveries
from disclosure.publication.publishing_lock import publishing_lock
from disclosure.publication.switch import ChannelSwitch, FailurePolicy
from disclosure.publication.upkeep import recorded_site
from disclosure.records import ledger
from disclosure.records.installation import Installation
from disclosure.records.states import (
    IN_FORCE,
    PUBLISHED,
    UNSETTLED,
    ReleaseState,
    WithdrawalKind,
    WithdrawalState,
)
from disclosure.records.tables import Cycle, Release, Withdrawal
from disclosure.review.identify import Proof, authorise
from disclosure.review.refusals import Refusal


def withdraw(
    installation: Installation,
    cycle_id: int,
    kind: WithdrawalKind,
    proof: Proof,
    *,
    source: str = "",
    by: str | None = None,
) -> Refusal | None:
    """Note that the public is not to see this cycle's figures any more, or return why not.

    ``apply_withdrawal`` then does it. Withdrawn already: nothing changes.

    Raises:
        DisclosureError: when nothing is published.
    """
    with installation.begin(proof.at, source=source, by=by) as work:
        session = work.session
        cycle = queries.get_cycle(session, cycle_id)
        queries.lock(session, cycle)
        release = _published(session, cycle)
        if release.state is ReleaseState.WITHDRAWN:
            return None
        person = authorise(work, proof, power_to_withdraw(kind))
        if isinstance(person, Refusal):
            return person
        last = queries.withdrawal_of(session, cycle)
        reason = proof.reason.strip().rstrip("。")
        session.add(
            Withdrawal(
                cycle_id=cycle.id,
                number=last.number + 1 if last else 1,
                version=release.version,
                kind=kind,
                reason=reason,
                state=WithdrawalState.WITHDRAWING,
                person_id=person.id,
                withdrawn_at=work.now,
            )
        )
        for withdrawn in _published_until(session, cycle.id, release.version):
            withdrawn.state = ReleaseState.WITHDRAWN
        ledger.append(
            session,
            "release.withdrawing",
            actor=person.name,
            cycle_id=cycle.id,
            digest=release.digest,
            version=release.version,
            kind=kind,
            reason=reason,
        )
    return None


def power_to_withdraw(kind: WithdrawalKind) -> PowerId:
    """Return the power that a withdrawal of this kind asks for."""
    return cast(PowerId, f"withdraw_{kind}")


def restore(
    installation: Installation, cycle_id: int, proof: Proof, *, source: str = "", by: str | None = None
) -> Refusal | None:
    """Note that the public is to see the figures again, or return why not. ``apply_withdrawal`` then does it.

    Raises:
        DisclosureError: when nothing was withdrawn, or a newer version has come out since.
    """
    with installation.begin(proof.at, source=source, by=by) as work:
        session = work.session
        cycle = queries.get_cycle(session, cycle_id)
        queries.lock(session, cycle)
        withdrawal = check_restorable(session, cycle)
        if withdrawal.state not in IN_FORCE:
            return None
        person = authorise(work, proof, "restore")
        if isinstance(person, Refusal):
            return person
        withdrawal.state, withdrawal.restored_at = WithdrawalState.RESTORING, work.now
        withdrawal.restored_by_id, withdrawal.restore_reason = person.id, proof.reason.strip()
        for restored in _published_until(session, cycle.id, withdrawal.version):
            restored.state = ReleaseState.LIVE
        ledger.append(
            session,
            "release.restoring",
            actor=person.name,
            cycle_id=cycle.id,
            version=withdrawal.version,
            reason=withdrawal.restore_reason,
        )
    return None


def check_restorable(session: Session, cycle: Cycle) -> Withdrawal:
    """Return the withdrawal that a restoration would end, or has ended.

    Raises:
        DisclosureError: when there is none, or a newer version has come out since.
    """
    label = queries.period_of(cycle).label
    withdrawal = queries.withdrawal_of(session, cycle)
    if withdrawal is None:
        raise DisclosureError(f"{label}没有撤回过，不用恢复。")
    release = _published(session, cycle)
    if release.version > withdrawal.version:
        raise DisclosureError(f"{label}撤回以后已发布第 {release.version} 版，撤回的旧版不能再恢复。")
    return withdrawal


def is_unsettled(session: Session, cycle: Cycle) -> bool:
    """Tell whether a withdrawal or restoration is noted and not yet seen on every channel."""
    withdrawal = queries.withdrawal_of(session, cycle)
    return withdrawal is not None and withdrawal.state in UNSETTLED


def apply_withdrawal(
    installation: Installation, cycle_id: int, read_secret: Secrets = from_environment
) -> tuple[str, ...]:
    """Show on every channel what the records say of this cycle; return the names of the channels that had to change.

    Everything is staged and read back first, then all switch. Settled already: nothing is written.

    Raises:
        DisclosureError: naming the channels that failed; the others are done, and the next call goes on.
    """
    catalog = installation.catalog
    with publishing_lock(installation):
        with installation.records.read() as session:
            cycle = queries.get_cycle(session, cycle_id)
            label, newest = queries.period_of(cycle).label, _published(session, cycle)
            is_withdrawn = newest.state is ReleaseState.WITHDRAWN
            withdrawal = queries.withdrawal_of(session, cycle)
        if withdrawal is None:
            return ()
        trees, failures = _trees(installation)
        subject = DeliverySubject("withdrawal_id", withdrawal.id)
        changed: set[str] = set()
        with ChannelSwitch(installation, subject, trees, policy=FailurePolicy.EACH, read_secret=read_secret) as switch:
            switch.run()
            # Nothing that was withdrawn stays behind, at however unguessable a place.
            switch.purge()
            changed.update(switch.changed)
            failures += switch.failures.values()
        for account in _accounts(catalog):
            shown = _articles(installation, cycle_id, account, newest.version) if is_withdrawn else [newest]
            for release in shown:
                with _article_switch(installation, release, account, read_secret) as switch:
                    if is_withdrawn:
                        switch.take_down("已撤回。")
                    else:
                        switch.run()
                    changed.update(switch.changed, switch.brought_back)
                    failures += switch.failures.values()
        if failures:
            raise DisclosureError(f"{label}没有在全部渠道办完：{''.join(failures)}请处理后重试，会从未完成的渠道继续。")
        names = [fact.name for fact in catalog.publishes_to if fact.id in changed]
        _conclude(installation, cycle_id, names)
        return tuple(names)


def _trees(installation: Installation) -> tuple[dict[str, Tree], list[str]]:
    """Return what every channel of trees should show by the records, by its id; and why some cannot be made."""
    trees: dict[str, Tree] = {}
    failures: list[str] = []
    for fact in installation.catalog.publishes_to:
        if fact.kind == "wechat":
            continue
        try:
            if fact.content == "site":
                trees[fact.id] = recorded_site(installation)
                continue
            with installation.records.read() as session:
                if package := shown_package(session, installation, fact):
                    trees[fact.id] = package[1]
        except DisclosureError as error:
            failures.append(str(error))
    return trees, failures


def retire_articles(installation: Installation, cycle_id: int, read_secret: Secrets) -> None:
    """Delete earlier versions' articles once a correction is live: an article cannot carry a banner.

    Raises:
        DisclosureError: when an account cannot be reached; publishing again goes on.
    """
    with installation.records.read() as session:
        version = _published(session, queries.get_cycle(session, cycle_id)).version
    for account in _accounts(installation.catalog):
        for release in _articles(installation, cycle_id, account, version - 1):
            with _article_switch(installation, release, account, read_secret) as switch:
                switch.take_down(f"已由第{version}版更正。")
                if switch.failures:
                    raise DisclosureError(switch.reasons)


def _accounts(catalog: Catalog) -> list[Channel]:
    """Return official accounts: articles stand beside one another, each is deleted or published again by itself."""
    return [fact for fact in catalog.publishes_to if fact.kind == "wechat"]


def _articles(installation: Installation, cycle_id: int, account: Channel, until_version: int) -> list[Release]:
    """Return this cycle's versions up to ``until_version`` that have, or may have, an article on an account."""
    with installation.records.read() as session:
        return [
            release
            for release in _published_until(session, cycle_id, until_version)
            if account.id in visible_deliveries(session, DeliverySubject("release_id", release.id))
        ]


def _published_until(session: Session, cycle_id: int, version: int) -> list[Release]:
    """Return the cycle's releases up to ``version`` that were published, withdrawn or not."""
    rows = select(Release).where(Release.cycle_id == cycle_id, Release.state.in_(PUBLISHED), Release.version <= version)
    return list(session.scalars(rows))


def _article_switch(
    installation: Installation, release: Release, account: Channel, read_secret: Secrets
) -> ChannelSwitch:
    """Return the switch of one release's article: its deliveries are the release's own, to be known later."""
    subject, article = DeliverySubject("release_id", release.id), package_tree(installation, release, account)
    return ChannelSwitch(
        installation, subject, {account.id: article}, policy=FailurePolicy.EACH, read_secret=read_secret
    )


def _conclude(installation: Installation, cycle_id: int, changed: list[str]) -> None:
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
        withdrawal = queries.withdrawal_of(session, cycle)
        if withdrawal is None or not is_unsettled(session, cycle):
            return
        is_withdrawing = withdrawal.state is WithdrawalState.WITHDRAWING
        withdrawal.state = WithdrawalState.WITHDRAWN if is_withdrawing else WithdrawalState.RESTORED
        ledger.append(
            session,
            f"release.{withdrawal.state}",
            actor="系统",
            cycle_id=cycle_id,
            version=withdrawal.version,
            channels=sorted(changed),
        )


def _published(session: Session, cycle: Cycle) -> Release:
    release = queries.published_release(session, cycle)
    if release is None:
        raise DisclosureError(f"{queries.period_of(cycle).label}还没有发布，没有可以撤回或恢复的。")
    return release
