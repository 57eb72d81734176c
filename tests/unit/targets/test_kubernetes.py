"""What a cluster is asked for; the engine's answers are the SDK's test double, a cluster comes with its own tests."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json
import pulumi
from pulumi.runtime import Mocks, set_mocks

class Recorder(Mocks):
    def __init__(self):
        self.made = []
    def new_resource(self, args):
        self.made.append([args.typ, args.name, args.inputs])
        return args.name, args.inputs
    def call(self, args):
        return {}

recorder = Recorder()
set_mocks(recorder, preview=False)

from seldon_infra import Kubernetes, Model, Predictor, SeldonDeployment, SklearnServer
from seldon_infra.targets import kubernetes

def deployment(name, traffic):
    graph = Model(name="m", server=SklearnServer(), model_uri="s3://b/m")
    predictors = (Predictor(name="a", graph=graph, traffic=40), Predictor(name="b", graph=graph, traffic=traffic))
    return SeldonDeployment(name=name, namespace="ns", predictors=predictors)

@pulumi.runtime.test
def declare():
    kubernetes.declare(Kubernetes(), (deployment("d", TRAFFIC),))

declare()
print(json.dumps(recorder.made))
"""


def declared(traffic: str) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.replace("TRAFFIC", traffic)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("traffic", ["60", "pulumi.Output.from_input(60)"])
def test_a_deployment_becomes_its_namespace_and_the_operators_custom_resource(traffic: str) -> None:
    done = declared(traffic)
    assert done.returncode == 0, done.stderr
    made = {kind: inputs for kind, _, inputs in json.loads(done.stdout)}
    resource = made["kubernetes:machinelearning.seldon.io/v1:SeldonDeployment"]
    assert [each["traffic"] for each in resource["spec"]["predictors"]] == [40, 60]
    annotations = resource["metadata"]["annotations"]
    assert annotations["pulumi.com/waitFor"] == "jsonpath={.status.state}=Available"
    assert made["kubernetes:core/v1:Namespace"]["metadata"]["name"] == "ns"


def test_what_is_known_late_is_held_to_the_same_rules() -> None:
    done = declared("pulumi.Output.from_input(50)")
    assert done.returncode != 0
    assert "traffic 40 + 50 = 90, must sum to 100" in done.stderr
