"""Findings about what somebody else put into Prefect: rows of ours altered, deployments, automations, work pools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.snapshots import Snapshots

#: What an automation may do without being ours: it tells people, and touches no run, schedule, deployment or pool.
_INFORMING = frozenset({"send-notification", "do-nothing"})
#: Where Prefect keeps what an automation does.
_ACTIONS = ("actions", "actions_on_trigger", "actions_on_resolve")


def acts_of(automation: Mapping[str, Any]) -> frozenset[str]:
    """Return the types of all that an automation of Prefect's API does, whenever it does it; ``?`` for no type."""
    acts = [act for name in _ACTIONS for act in _listed(automation.get(name))]
    return frozenset(str(act.get("type", "?")) if isinstance(act, Mapping) else "?" for act in acts)


def _listed(acts: Any) -> list[Any]:
    return acts if isinstance(acts, list) else [] if acts is None else [acts]


def only_informs(acts: frozenset[str]) -> bool:
    """Tell whether an automation that does these only informs people."""
    return acts <= _INFORMING


def deployments_altered(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a deployment of ours whose row says to run other code, elsewhere, or with other values."""
    for here in worlds.prefect.deployments if worlds.prefect else ():
        if here.is_ours and here.altered:
            facts = {"deployment": here.name, "what": "、".join(here.altered)}
            yield Discrepancy("deployment_altered", here.name, facts)


def deployments_added(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a deployment that we did not register; somebody else's is of no account once it is paused."""
    if worlds.prefect is None:
        return
    wanted = {deployment.name for deployment in worlds.prefect.wanted}
    for here in worlds.prefect.deployments:
        if here.is_ours and here.name not in wanted:
            yield Discrepancy("deployment_unwanted", here.name, {"deployment": here.name})
        elif not here.is_ours and not here.is_paused:
            yield Discrepancy("deployment_added", here.name, {"deployment": here.name, "id": here.id})


def automations_added(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find an automation that does more than inform people: this product registers none."""
    for automation in worlds.prefect.automations if worlds.prefect else ():
        if only_informs(automation.acts):
            continue
        yield Discrepancy("automation_added", automation.id, {"automation": automation.name})


def pools_added(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a work pool whose runs some worker may execute: ours have none."""
    for pool in worlds.prefect.pools if worlds.prefect else ():
        yield Discrepancy("pool_added", pool, {"pool": pool})


RULES = (deployments_altered, deployments_added, automations_added, pools_added)
