"""Great Expectations' own project under the home: the suite, validation definition and checkpoint of the catalogue.

``gx.get_context(mode="file", project_root_dir=home)`` opens it, and ``context.checkpoints.get("audit")`` runs over a
frame made by ``data_checks.figure_table.frame.audit_frame``. No value of a figure is kept in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import great_expectations as gx
import pandas as pd
from great_expectations.checkpoint.checkpoint import Checkpoint
from great_expectations.core import ExpectationSuite, ExpectationSuiteValidationResult
from great_expectations.core.validation_definition import ValidationDefinition
from great_expectations.data_context.data_context.file_data_context import FileDataContext
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.expectation import Expectation

from data_checks.expectations.judging import NAME, RESULT_FORMAT

CHECKPOINT = "audit"
#: Where a project keeps what is ours in it: the layout of its file stores, as ``great_expectations.yml`` says it.
_CHECKPOINT_FILE = f"checkpoints/{CHECKPOINT}.json"
_OWN_FILES = (_CHECKPOINT_FILE, f"validation_definitions/{NAME}.json", f"expectations/{NAME}.json")
#: What makes our expectations known to whoever opens the project: it is put where Great Expectations looks.
_PLUGIN = '''"""The expectations of the audit: import this before a suite is opened."""

from data_checks.expectations.figures import *  # noqa: F403
'''


def validate_in_project(
    home: Path, version: str, frame: pd.DataFrame, expectations: Sequence[Expectation]
) -> ExpectationSuiteValidationResult:
    """Validate ``frame`` by the definition in the project under ``home``, written anew where it is of other rules.

    The checkpoint is for whoever opens the project. It has no actions, and asking it would look twice more whether
    suite and definition are what lies in the files, which is a fifth of an audit.
    """
    with _alone(home):
        context = open_project(home)
        meta = {"version": version, "asked": _digest(expectations)}
        definition = _current(context, meta) or write_project(context, meta, expectations)
        return definition.run(batch_parameters={"dataframe": frame}, result_format=RESULT_FORMAT)


def open_project(home: Path) -> FileDataContext:
    """Open the project under ``home``, which is made where there is none."""
    settings = home / "gx" / "great_expectations.yml"
    is_new = not settings.is_file()
    try:
        context: FileDataContext = gx.get_context(mode="file", project_root_dir=home)
    except Exception:
        # Half written by a killed process: kept for whoever changed it by hand, and made anew.
        if is_new:
            raise
        settings.replace(settings.with_suffix(".yml.damaged"))
        return open_project(home)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    if is_new:
        # Great Expectations' own pages fetch scripts from elsewhere: ours are written by ``report.data_docs``.
        context.variables.data_docs_sites = {}
        context.variables.save()
        plugins = Path(str(context.plugins_directory))
        plugins.mkdir(parents=True, exist_ok=True)
        (plugins / "audit_expectations.py").write_text(_PLUGIN, encoding="utf-8")
    return context


def write_project(
    context: FileDataContext, meta: Mapping[str, str], expectations: Sequence[Expectation]
) -> ValidationDefinition:
    """Write suite, validation definition and checkpoint; ``meta`` says of which rules, and what is asked for them.

    What was there goes first, and as files: a project that a killed process left half written cannot be read to be
    deleted, and ``add_or_update`` looks every expectation up in the suite that it replaces, once for each thing that
    holds it, which took longer than the audit.
    """
    for former in _OWN_FILES:
        (Path(context.root_directory) / former).unlink(missing_ok=True)
    suite = context.suites.add(ExpectationSuite(name=NAME, expectations=list(expectations), meta=dict(meta)))
    asset = context.data_sources.add_or_update_pandas("audit").add_dataframe_asset(NAME)
    batch = asset.add_batch_definition_whole_dataframe("all")
    definition = context.validation_definitions.add(ValidationDefinition(name=NAME, data=batch, suite=suite))
    context.checkpoints.add(
        Checkpoint(name=CHECKPOINT, validation_definitions=[definition], result_format=RESULT_FORMAT)
    )
    return definition


def _digest(expectations: Sequence[Expectation]) -> str:
    """SHA-256 of what is asked: another version of this software may ask otherwise for the same rules."""
    asked = [[type(each).__name__, each.dict(exclude_defaults=True)] for each in expectations]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _current(context: FileDataContext, meta: Mapping[str, str]) -> ValidationDefinition | None:
    """Return the definition, where its suite says the same of itself; what cannot be read is written anew."""
    try:
        definition = context.validation_definitions.get(NAME)
        # Nothing here asks the checkpoint, but it must be whole for those who do.
        json.loads((Path(context.root_directory) / _CHECKPOINT_FILE).read_bytes())
        return definition if meta.items() <= definition.suite.meta.items() else None
    except Exception:
        # Whatever a missing or half-written file makes Great Expectations stumble over: all of it comes from the rules.
        return None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep other processes from the project meanwhile."""
    (home / "gx").mkdir(parents=True, exist_ok=True)
    with (home / "gx" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
