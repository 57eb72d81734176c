"""examples/eks_gpu by the real engine: its very preview, and an up with small charts in the place of the real ones."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from seldon_infra.graph.manifest import GROUP, PLURAL
from tests.aws.account import REPOSITORY, Account
from tests.aws.eks.test_plan_and_drift import command
from tests.aws.stack.project import PROGRAM, Project, prepare
from tests.aws.stack.reviewer import Reviewer, reviewing
from tests.cluster.control_plane import ControlPlane, started
from tests.cluster.nodes import add_nodes
from tests.cluster.operator import operator
from tests.cluster.test_empty_cluster import write_charts
from tests.cluster.test_stack import there
from tests.cluster.webhook import webhook
from tests.engine.scratch import STACK
from toolchain import helm

pytestmark = [pytest.mark.aws, pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]

PAGE = REPOSITORY / "docs" / "eks_cluster.md"
EXAMPLE, REGION = REPOSITORY / "examples" / "eks_gpu", "eu-central-1"
DIGITS = f"/apis/{GROUP}/v1/namespaces/models/{PLURAL}/digits"
PLUGIN = "/apis/apps/v1/namespaces/gpu-system/daemonsets/nvidia-device-plugin"
WITH_SMALL_CHARTS = """
from example import stack as declared
from seldon_infra import *

def chart(name):
    return Chart(name={charts!r} + "/" + name)

gpus = GpuSoftware(
    plugin=DevicePlugin(chart=chart("device-plugin")), metrics=DcgmExporter(chart=chart("dcgm-exporter"))
)
cluster = declared.target.cluster.model_copy(
    update={{
        "deletion_protection": False,
        "gpu_software": gpus,
        "autoscaler": ClusterAutoscaler(chart=chart("cluster-autoscaler")),
    }}
)
istio = {{"istio-base": chart("base"), "istiod": chart("istiod"), "istio-ingressgateway": chart("gateway")}}
core = SeldonCore(chart=chart("operator"), values={values})
target = declared.target.model_copy(
    update={{"cluster": cluster, "seldon_core": core, "ingress": Istio(charts=istio)}}
)
stack = declared.model_copy(update={{"target": target}})
"""


@pytest.fixture
def reviewer(account: Account) -> Iterator[Reviewer]:
    with reviewing(account.aws.endpoint, "gpu") as serving:
        yield serving


@pytest.fixture
def control_plane(reviewer: Reviewer) -> Iterator[ControlPlane]:
    """A control plane with nothing on it but nodes, that asks STS who somebody is."""
    with started(reviewer.url) as running:
        add_nodes(running)
        yield running


@pytest.fixture
def project(account: Account, tmp_path: Path) -> Project:
    """The example's definition and settings in a project of the test's."""
    engine = account.engine
    engine.environment["KUBECONFIG"] = "/dev/null"
    shutil.copy(EXAMPLE / "prod.py", engine.directory / "example.py")
    shutil.copy(EXAMPLE / "prod.py", engine.directory / "test.py")
    engine.write_program(f"import sys; sys.path.insert(0, '.')\n{PROGRAM}")
    for key, value in yaml.safe_load((EXAMPLE / "Pulumi.prod.yaml").read_text())["config"].items():
        engine.set_config(key.partition(":")[2], value)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "helm").symlink_to(helm.program().parents[1])
    price(account)
    return prepare(account, tmp_path)


def price(account: Account) -> None:
    """Give what the example takes the made-up prices of other machines and of another region."""
    text = json.dumps(account.aws.prices.products).replace("eu-west-1", REGION)
    text = text.replace("m5.large", "m7i.large").replace("g5.2xlarge", "g6.2xlarge")
    account.aws.prices.products = json.loads(text)


def test_a_preview_says_what_is_made_where_the_model_goes_and_what_it_costs(project: Project) -> None:
    said = project.account.engine.preview().stdout
    (placed,) = re.findall(r"^    (SeldonDeployment .*)$", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
    assert placed in said
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert [line for line in shown.splitlines() if line.strip() not in said] == []
    told = json.loads(command(project.account.engine, "plan", "--format", "json").stdout)
    (place,) = told["places"]
    assert (place["nodes"], place["pods_on_a_node"], place["pods_at_most"]) == ("GPU nodes 'l4'", 2, 8)
    # The rest are the stack, five components and a provider; the ingress' Service is looked up, not made.
    assert (len(told["objects"]), told["unchanged"], told["counted_by_preview"]) == (44, 0, {"create": 51})
    assert "+ 51 to create" in said
    assert project.account.aws.changes() == []


def test_an_up_puts_model_and_gpu_software_on_the_cluster_that_it_makes(
    project: Project, control_plane: ControlPlane, reviewer: Reviewer, tmp_path: Path
) -> None:
    engine, eks = project.account.engine, project.account.aws.eks(REGION).state
    eks.api = (control_plane.url, control_plane.authority)
    charts = str(write_charts(tmp_path / "charts"))
    with operator(control_plane), webhook(tmp_path, 0) as answers:
        values = {"answers": {"url": answers.url, "certificate": answers.certificate}}
        (engine.directory / "test.py").write_text(WITH_SMALL_CHARTS.format(charts=charts, values=values))
        engine.run("up", "--stack", STACK, "--yes", "--skip-preview", timeout=300)
        assert reviewer.verdicts
        assert all(reviewer.verdicts)
        group = next(eks.nodegroups.get(key) for key in eks.nodegroups.visible() if key[1].startswith("l4"))
        assert group["scalingConfig"] == {"minSize": 0, "maxSize": 4, "desiredSize": 0}
        (predictor,) = control_plane.request("GET", DIGITS)["spec"]["predictors"]
        assert (predictor["name"], predictor["replicas"]) == ("main", 2)
        configs = control_plane.request("GET", "/api/v1/namespaces/gpu-system/configmaps/nvidia-device-plugin-configs")
        assert "time-slicing-2" in configs["data"]
        assert there(control_plane, "/apis/apps/v1/namespaces/kube-system/deployments/cluster-autoscaler")
        again = engine.up("--expect-no-changes").stdout
        assert "nothing is checked" not in again
        engine.run("destroy", "--stack", STACK, "--yes", "--skip-preview", timeout=300)
    assert there(control_plane, PLUGIN) is None
    assert not [*eks.clusters.visible(), *eks.nodegroups.visible()]
