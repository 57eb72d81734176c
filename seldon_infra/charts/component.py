"""A chart's release as a Pulumi resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from seldon_infra.charts.render import release
from seldon_infra.core.errors import SeldonInfraError

if TYPE_CHECKING:
    import pulumi
    from pulumi_kubernetes.helm.v3 import Release

    from seldon_infra.charts.spec import Chart


def install(
    chart: Chart, name: str, namespace: str, values: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> Release:
    """Declare a release, which is there when its pods are ready.

    Args:
        chart: what is installed.
        name: the release's name, and the resource's.
        namespace: where; it has to be there already.
        values: the chart's values.
        opts: of the resource: its parent, what has to be there first.
    """
    from pulumi_kubernetes.helm.v3 import Release

    return Release(name, opts=opts, **release(chart, name, namespace, values))


def once_answered(release: Release, ask: Callable[[], None]) -> pulumi.Output[pulumi.Resource]:
    """Give a release when a question about it is answered; a preview asks nothing.

    Args:
        release: what has to be there first.
        ask: waits for the answer; it runs beside the program, which goes on.
    """
    import asyncio

    import pulumi

    async def asked(status: object) -> pulumi.Resource:
        try:
            await asyncio.to_thread(ask)
        except SeldonInfraError as error:
            raise pulumi.RunError(str(error)) from None
        return release

    if pulumi.runtime.is_dry_run():
        return pulumi.Output.from_input(release)
    return release.status.apply(asked)
