"""An explainer's field of the SeldonDeployment, as Seldon's operator takes it."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.render import explainer
from seldon_infra.graph.spec import LIME, SHAP, AnchorTabular, Explainer, TreeShap
from tests.unit.graph.check.build import deployment

URI = "s3://bucket/explainer"
SELDONS = "seldonio/mlserver:1.4.0-alibi-explain"
CASES: dict[str, tuple[Any, str | None, str, str]] = {
    "a method by its name": ("KernelShap", None, "KernelShap", SELDONS),
    "a method with options": (AnchorTabular(threshold=0.9), None, "AnchorTabular", SELDONS),
    "an image of this library's": (TreeShap(), "acme/alibi:1", "TreeShap", "acme/alibi:1"),
    "SHAP, for which Seldon has no name": (SHAP(), "acme/shap:1", "KernelShap", "acme/shap:1"),
    "LIME, for which Seldon has no name": (LIME(), "acme/lime:1", "KernelShap", "acme/lime:1"),
}


@pytest.mark.parametrize(("method", "image", "type", "rendered"), CASES.values(), ids=CASES)
def test_the_operator_is_told_a_type_that_it_knows(method: Any, image: str | None, type: str, rendered: str) -> None:
    made = explainer(deployment(protocol="v2"), Explainer(type=method, model_uri=URI, image=image))
    assert (made["type"], made["modelUri"], made["containerSpec"]["image"]) == (type, URI, rendered)
