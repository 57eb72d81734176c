"""The operator as a Pulumi component: its chart, and the moment from which its webhook answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from seldon_infra.charts.component import install, once_answered
from seldon_infra.resources.handle import Component
from seldon_infra.seldon_core import render
from seldon_infra.seldon_core.spec import SeldonCore


class SeldonCoreOperator(Component):
    """Seldon Core's operator; what is applied through its webhook depends on ``ready``."""

    ready: pulumi.Output[pulumi.Resource]
    """The release, known when its webhook answers: pods are ready before that, for they have no readiness probe."""

    def __init__(
        self,
        core: SeldonCore,
        reached: Mapping[str, Any],
        ask: Callable[[Mapping[str, Any]], None],
        after: Sequence[pulumi.Input[pulumi.Resource]] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the operator.

        Args:
            core: what is declared.
            reached: the part of the chart's values that says which ingress leads to deployments.
            ask: sends an object to the API server as a dry run, and returns when it was judged.
            after: what has to be there first: its namespace, the ingress whose objects it watches.
            opts: of the component, such as its provider.
        """
        super().__init__("seldon:index:SeldonCore", render.RELEASE, opts)
        release = install(
            render.chart(core),
            render.RELEASE,
            core.namespace,
            render.values(core, reached),
            pulumi.ResourceOptions(parent=self, depends_on=[*after]),
        )
        self.ready = once_answered(release, lambda: ask(render.probe(core)))
        self.register_outputs({"namespace": core.namespace, "version": core.version})
