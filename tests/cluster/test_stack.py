"""A stack on a cluster, by the real engine and API server: previewed, applied, changed, kept from drift, destroyed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.graph.manifest import GROUP, PLURAL
from tests.cluster.control_plane import NOBODY, ControlPlane, Refused
from tests.cluster.kubernetes_provider.install import install_provider
from tests.cluster.operator import operator
from tests.cluster.patient import PROGRAM
from tests.engine.scratch import ENVIRONMENT, Engine, scratch_engine
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
PATH = f"/apis/{GROUP}/v1/namespaces/vision/{PLURAL}/iris"
STACK = """
from seldon_infra import Kubernetes, Model, Predictor, SeldonDeployment, SklearnServer, Stack

def predictor(name, **fields):
    graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris")
    return Predictor(name=name, graph=graph, **fields)

stack = Stack(
    target=Kubernetes(),
    deployments=[SeldonDeployment(name="iris", namespace="vision", protocol="v2", predictors=[{predictors}])],
)
"""
CANARY = "predictor('main', traffic={main}), predictor('canary', traffic={canary})"


@pytest.fixture
def engine(control_plane: ControlPlane) -> Iterator[Engine]:
    folder = Path(tempfile.mkdtemp(prefix="cluster-")).resolve()
    made = scratch_engine(folder)
    made.environment["KUBECONFIG"] = str(control_plane.kubeconfig)
    install_provider(folder)
    made.use_plugin("kubernetes", folder)
    made.use_plugin("seldon", ENVIRONMENT / "bin")
    made.write_inline_program(PROGRAM)
    yield made
    made.environment["KUBECONFIG"] = str(control_plane.kubeconfig)
    made.destroy()
    shutil.rmtree(folder)


def declare(engine: Engine, predictors: str = "predictor('main')") -> None:
    (engine.directory / "test.py").write_text(STACK.format(predictors=predictors))


def there(control_plane: ControlPlane, path: str = PATH) -> dict[str, Any] | None:
    try:
        return control_plane.request("GET", path)
    except Refused as refused:
        if refused.status != 404:
            raise
        return None


def traffic(control_plane: ControlPlane) -> dict[str, int]:
    found = there(control_plane)
    assert found is not None
    return {predictor["name"]: predictor["traffic"] for predictor in found["spec"]["predictors"]}


def change_traffic(found: dict[str, Any]) -> None:
    found["spec"]["predictors"][0]["traffic"] = 60
    found["spec"]["predictors"][1]["traffic"] = 40


def test_a_stack_lives_on_a_cluster_from_preview_to_destroy(engine: Engine, control_plane: ControlPlane) -> None:
    declare(engine, CANARY.format(main=90, canary=10))
    previewed = engine.preview().stdout
    assert re.search(r"v1:SeldonDeployment +iris +create", previewed), previewed
    assert there(control_plane) is None
    with operator(control_plane):
        engine.up()
        assert traffic(control_plane) == {"main": 90, "canary": 10}
        assert "unchanged" in engine.up("--expect-no-changes").stdout
        assert not [
            it["urn"] for it in engine.deployment()["resources"] if "stackTrace" in it and is_of_this_library(it)
        ]

        declare(engine, CANARY.format(main=50, canary=50))
        engine.up()
        assert traffic(control_plane) == {"main": 50, "canary": 50}

        engine.destroy()
    assert there(control_plane) is None


def is_of_this_library(resource: Mapping[str, Any]) -> bool:
    """Not the stack itself nor a provider, which the SDK's own classes register."""
    return not str(resource["type"]).startswith("pulumi:")


def test_an_up_waits_until_the_operator_says_available(engine: Engine, control_plane: ControlPlane) -> None:
    declare(engine)
    with operator(control_plane, "Creating"):
        running = engine.start("up", "--stack", "test", "--yes", "--skip-preview")
        wait_until(lambda: ((there(control_plane) or {}).get("status") or {}).get("state") == "Creating")
        assert running.poll() is None
    with operator(control_plane):
        said, _ = running.communicate(timeout=240)
    assert running.returncode == 0, said


def test_what_somebody_changed_by_hand_is_shown_and_mended(engine: Engine, control_plane: ControlPlane) -> None:
    declare(engine, CANARY.format(main=90, canary=10))
    with operator(control_plane):
        engine.up()
        control_plane.change(PATH, change_traffic)
        drift = engine.run("refresh", "--stack", "test", "--preview-only", "--expect-no-changes", "--diff", check=False)
        assert drift.returncode == 7
        assert "traffic" in drift.stdout
        engine.up("--refresh")
        assert traffic(control_plane) == {"main": 90, "canary": 10}


def test_a_deployment_that_breaks_rules_never_reaches_the_cluster(engine: Engine, control_plane: ControlPlane) -> None:
    declare(engine, CANARY.format(main=90, canary=20))
    refused = engine.preview(check=False)
    assert refused.returncode != 0
    assert "traffic 90 + 20 = 110, must sum to 100" in refused.stdout + refused.stderr
    assert there(control_plane, "/api/v1/namespaces/vision") is None


def test_who_may_not_is_told_which_right_is_missing(engine: Engine, control_plane: ControlPlane) -> None:
    declare(engine)
    engine.environment["KUBECONFIG"] = str(control_plane.kubeconfig_of(NOBODY))
    refused = engine.up(check=False)
    assert refused.returncode != 0
    assert 'cannot patch resource "namespaces"' in refused.stdout + refused.stderr
