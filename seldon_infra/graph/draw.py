"""Pictures of predictor graphs: which way a request takes, how much of the traffic goes where, what serves it."""

from __future__ import annotations

from seldon_infra.graph import draw_mermaid, draw_svg
from seldon_infra.graph.draw_picture import picture
from seldon_infra.graph.spec import SeldonDeployment


def svg(*deployments: SeldonDeployment) -> str:
    """Draw deployments below each other as one SVG document, for light and dark screens."""
    return draw_svg.document(tuple(picture(deployment) for deployment in deployments))


def mermaid(*deployments: SeldonDeployment) -> str:
    """Write deployments as one Mermaid flowchart."""
    return draw_mermaid.document(tuple(picture(deployment) for deployment in deployments))
