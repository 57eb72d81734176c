"""What a definition costs to import: nothing that talks to an engine, a cluster or a cloud."""

from __future__ import annotations

import subprocess
import sys
from typing import Literal, get_origin

import pytest

import seldon_infra

DECLARE = """
import sys
from seldon_infra import Local, Model, Predictor, SeldonDeployment, SklearnServer, Stack
graph = Model(name="m", server=SklearnServer(), model_uri="m")
predictors = (Predictor(name="main", graph=graph),)
Stack(target=Local(), deployments=(SeldonDeployment(name="d", protocol="v2", predictors=predictors),)).check()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_definition_loads_no_pulumi_no_cloud_and_no_grpc() -> None:
    done = subprocess.run([sys.executable, "-c", DECLARE], capture_output=True, text=True, timeout=240, check=True)
    heavy = {"pulumi", "pulumi_kubernetes", "boto3", "botocore", "grpc", "google", "numpy", "uvloop"}
    assert set(done.stdout.split()) & heavy == set()


@pytest.mark.parametrize("name", seldon_infra.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    found = getattr(seldon_infra, name)
    assert found.__doc__ or get_origin(found) is Literal  # a choice of words says what it is by them


def test_an_unknown_name_is_an_attribute_error_and_dir_lists_the_others() -> None:
    with pytest.raises(AttributeError, match="nobody"):
        _ = seldon_infra.nobody  # type: ignore[attr-defined]
    assert set(seldon_infra.__all__) <= set(dir(seldon_infra))


def test_what_a_cluster_asks_of_the_plugin_loads_no_definitions() -> None:
    load = "import sys, seldon_infra.provider.cluster; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, timeout=240, check=True)
    assert not [name for name in done.stdout.split() if name.startswith(("seldon_infra.graph", "seldon_infra.runtime"))]
