"""What our expectations share: they validate a table of figures by one metric, with evidence by figure key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.metric_configuration import MetricConfiguration

import data_checks.measures.copies
import data_checks.measures.identities
import data_checks.measures.past
import data_checks.measures.peers
import data_checks.measures.ratios
import data_checks.measures.single  # noqa: F401 - the measures they hold
from data_checks.figure_table.columns import COLUMNS, Columns
from data_checks.measures.evidence import MEASURES

if TYPE_CHECKING:
    from great_expectations.execution_engine.execution_engine import ExecutionEngine
    from great_expectations.validator.validator import ValidationDependencies

METRIC = "table.figure_evidence"


class FigureEvidence(TableMetricProvider):
    """The evidence of one measure over the whole table: how much was compared, and what was found where."""

    metric_name = METRIC
    value_keys = ("measure", "arguments")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002 - as above
        runtime_configuration: dict[str, Any],  # noqa: ARG002 - as above
    ) -> dict[str, Any]:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        columns: Columns = frame.attrs[COLUMNS]
        if len(frame) != len(columns.region):
            raise ValueError(f"{len(frame)} rows of {len(columns.region)}")
        arguments = json.loads(metric_value_kwargs["arguments"])
        return MEASURES[metric_value_kwargs["measure"]](columns, **arguments).told()


class FigureExpectation(BatchExpectation):
    """An expectation of a table of figures made by ``data_checks.figure_table.frame.audit_frame``.

    A subclass names its ``measure``; its fields are the measure's arguments. The result's ``details`` hold how many
    comparisons were made (``compared``) and could not be (``skipped``), and in ``found`` every place that is wrong:
    its row, region and indicator, and what its sentence needs. Nothing is cut off.
    """

    measure: ClassVar[str] = ""
    args_keys: ClassVar[tuple[str, ...]] = ()

    def get_validation_dependencies(
        self, execution_engine: ExecutionEngine[Any] | None = None, runtime_configuration: dict[str, Any] | None = None
    ) -> ValidationDependencies:
        """Ask for the one metric."""
        needed = super().get_validation_dependencies(execution_engine, runtime_configuration)
        arguments = json.dumps({name: getattr(self, name) for name in self.args_keys}, sort_keys=True)
        configuration: MetricConfiguration = MetricConfiguration(
            metric_name=METRIC,
            metric_domain_kwargs={"batch_id": self.batch_id} if self.batch_id else {},
            metric_value_kwargs={"measure": self.measure, "arguments": arguments},
        )
        needed.set_metric_configuration(METRIC, configuration)
        return needed

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - Great Expectations' signature
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002 - as above
    ) -> dict[str, Any]:
        evidence = metrics[METRIC]
        return {
            "success": not evidence["found"],
            "result": {"observed_value": len(evidence["found"]), "details": evidence},
        }
