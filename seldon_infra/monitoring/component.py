"""Prometheus and what comes with it as a Pulumi component: one chart."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from seldon_infra.charts.component import install
from seldon_infra.monitoring import chart
from seldon_infra.monitoring.spec import PrometheusStack
from seldon_infra.resources.handle import Component


class PrometheusOperator(Component):
    """Prometheus' operator with Prometheus, Alertmanager, Grafana and kube-state-metrics."""

    def __init__(
        self,
        stack: PrometheusStack,
        after: Sequence[pulumi.Input[pulumi.Resource]] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare it.

        Args:
            stack: what is declared.
            after: what has to be there first: its namespace.
            opts: of the component, such as its provider.
        """
        super().__init__("seldon:index:PrometheusStack", chart.RELEASE, opts)
        self.release = install(
            chart.chart(stack),
            chart.RELEASE,
            stack.namespace,
            chart.values(stack),
            pulumi.ResourceOptions(parent=self, depends_on=[*after]),
        )
        self.register_outputs({"namespace": stack.namespace, "version": stack.version})
