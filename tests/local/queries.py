"""The queries of a dashboard, asked of a real Prometheus."""

from __future__ import annotations

import re
from collections.abc import Callable

from seldon_infra.monitoring.dashboards.panels import Dashboard


def unanswered(value: Callable[[str], float | None], page: Dashboard) -> list[str]:
    """Give the queries without data; what is no number is none. Every choice of the page is "all"."""
    queries = [query.expression for row in page.rows for panel in row.panels for query in panel.queries]
    every = [re.sub(r"\$\w+", ".*", expression) for expression in queries]
    return [expression for expression in every if not value(f"count(({expression}) == ({expression}))")]
