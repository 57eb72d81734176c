"""A dashboard as Grafana reads it, written by Grafana's own builders (grafana-foundation-sdk)."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef, GridPos, VariableRefresh, VariableSort

from seldon_infra.monitoring.dashboards.panels import Dashboard, Panel, Row, Variable

_WIDTH, _NUMBER, _LINES = 24, 4, 8
"""Columns of Grafana's grid; how many rows of it a panel takes."""
_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


def written(shown: Dashboard) -> str:
    """Give the file that Grafana's sidecar or its import reads."""
    page = (
        build.Dashboard(shown.title)
        .uid(f"seldon-{shown.name}")
        .tags(["seldon"])
        .time("now-3h", "now")
        .refresh("30s")
        .readonly()
        .with_variable(build.DatasourceVariable("datasource").type("prometheus").label("Prometheus"))
    )
    for variable in shown.variables:
        page = page.with_variable(_variable(variable))
    top = 0
    for row in shown.rows:
        page = page.with_row(build.Row(row.title).grid_pos(GridPos(h=1, w=_WIDTH, x=0, y=top)))
        for panel, place in _placed(row, top + 1):
            page = page.with_panel(_panel(panel).grid_pos(place))
            top = place.y + place.h
    return JSONEncoder(sort_keys=True, indent=1).encode(page.build())


def _placed(row: Row, top: int) -> Iterator[tuple[Panel, GridPos]]:
    """Put a row's panels side by side: four numbers, or two graphs."""
    for index, panel in enumerate(row.panels):
        across, height = (4, _NUMBER) if panel.kind == "number" else (2, _LINES)
        width = _WIDTH // across
        yield panel, GridPos(h=height, w=width, x=index % across * width, y=top + index // across * height)


def _variable(variable: Variable) -> build.QueryVariable:
    return (
        build.QueryVariable(variable.name)
        .query(f"label_values({variable.metric}, {variable.label})")
        .datasource(_SOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
    )


def _panel(panel: Panel) -> stat.Panel | timeseries.Panel:
    last = common.ReduceDataOptions().calcs(["lastNotNull"])
    made: stat.Panel | timeseries.Panel = (
        stat.Panel().reduce_options(last) if panel.kind == "number" else timeseries.Panel()
    )
    made = made.title(panel.title).description(panel.said).unit(panel.unit).datasource(_SOURCE)
    for query, name in zip(panel.queries, "ABCDEFGH", strict=False):
        asked = prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id(name)
        made = made.with_target(asked.datasource(_SOURCE))
    return made
