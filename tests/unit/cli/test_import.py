"""`seldon-infra import`: manifests as people have them, whole and broken, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from tests.unit.graph.cases import CASES, GOLDEN

ROOT = Path(__file__).parents[3]

PLAIN = """\
apiVersion: machinelearning.seldon.io/v1alpha2
kind: SeldonDeployment
metadata:
  name: seldon-model
spec:
  name: test-deployment
  predictors:
  - componentSpecs:
    - spec:
        containers:
        - name: classifier
          image: seldonio/mock_classifier:1.0
    graph:
      children: []
      endpoint:
        type: REST
      name: classifier
      type: MODEL
    name: example
    replicas: 1
"""
BROKEN = PLAIN.replace("metadata:\n  name:", "meta\nname:").replace("replicas:", "replica:")


def run(*words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "import", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, input=text)


def refused(text: str) -> str:
    done = run("-", text=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_manifest_becomes_a_module_that_reads_well() -> None:
    done = run("-", text=PLAIN)
    assert done.stdout == dedent(
        """\
        from seldon_infra import (
            ContainerServer,
            Endpoint,
            Kubernetes,
            Model,
            Predictor,
            SeldonDeployment,
            Stack,
        )

        seldon_model = SeldonDeployment(
            name="seldon-model",
            predictors=(
                Predictor(
                    name="example",
                    graph=Model(
                        name="classifier",
                        server=ContainerServer(image="seldonio/mock_classifier:1.0", speaks=("seldon",)),
                        endpoint=Endpoint(type="REST"),
                    ),
                    replicas=1,
                ),
            ),
            pod_defaults="operator",
        )

        stack = Stack(target=Kubernetes(), deployments=(seldon_model,))
        """
    )
    assert "spec.name 'test-deployment' is left out" in done.stderr


def test_a_key_without_colon_and_a_name_under_the_wrong_parent_are_both_said_with_what_to_write() -> None:
    assert refused(BROKEN).splitlines() == [
        "standard input line 3: 'meta' has no colon, must be a key with a value; write `metadata:`",
        "standard input line 3: metadata: is not set, must be given; write metadata: …",
        "standard input line 4: name: is no field there, must be one that Seldon's API has; write it under metadata",
        "standard input line 20: spec.predictors[0].replica: is no field there, must be one that Seldon's API has; "
        "write replicas",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b: c\n", "line 1: 'a: b: c': mapping values are not allowed here"),
        ("spec:\n\tname: x\n", "line 2: a tab indents it, must be spaces"),
        ("spec:\n  a: 1\n b: 2\n", "line 3: 'b: 2'"),
        (PLAIN + "    name: again\n", "line 21: 'name' stands twice, must stand once; remove one of them"),
        ("- a\n- b\n", "line 1: a document that is no mapping"),
        (PLAIN.replace("SeldonDeployment", "Deployment"), "line 2: kind: Deployment, must be SeldonDeployment"),
        (PLAIN.replace("/v1alpha2", "/v2"), "line 1: apiVersion: 'machinelearning.seldon.io/v2', must be"),
        (PLAIN.replace("replicas: 1", "replicas: one"), "line 20: spec.predictors[0].replicas: 'one', must be"),
        (PLAIN.replace("replicas: 1", "replicas: 3000000000"), "line 20: spec.predictors[0].replicas: 3000000000"),
        (PLAIN.replace("type: MODEL", "type: UNKNOWN_TYPE"), "type UNKNOWN_TYPE on node 'classifier'"),
        (PLAIN.replace("type: MODEL", "implementation: MAGIC"), "implementation MAGIC, must be one that"),
        (
            PLAIN.replace("name: classifier\n      type", "name: other\n      type"),
            "node 'other' has no implementation",
        ),
        (PLAIN.replace("type: MODEL", "type: COMBINER"), "combiner 'classifier'"),
        (
            PLAIN.replace("  name: seldon-model", "  name: m\n  annotations: {a/b: c}"),
            "line 5: metadata.annotations: {'a/b': 'c'}, has no place in the typed values",
        ),
        ("", "nothing to read"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"c{n}: &c{n} [*b, *b]\n" for n in range(3)), "kind"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    assert said in refused(text)


def test_aliases_of_aliases_end_at_a_bound() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert "too many values" in refused(bomb)


def test_a_file_that_is_not_there_is_named() -> None:
    done = run("nowhere.yaml")
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "nowhere.yaml: No such file or directory; give a file that can be read",
    )


def test_problems_of_several_documents_come_at_once() -> None:
    said = refused(PLAIN.replace("replicas: 1", "replica: 1") + "---\n" + PLAIN.replace("name: example", "nam: x"))
    assert "predictors[0].replica" in said
    assert "predictors[0].nam" in said


def test_json_and_lists_are_read_too(tmp_path: Path) -> None:
    document = yaml.safe_load(PLAIN)
    whole = tmp_path / "list.json"
    whole.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [document, document]}))
    done = run(str(whole))
    assert "deployments=(seldon_model, seldon_model_2)" in done.stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("printed")
    for name in CASES:
        (folder / f"{name.replace('-', '_')}.py").write_text(run(str(GOLDEN / f"{name}.yaml")).stdout)
    return folder


def test_what_is_printed_is_formatted_and_typed(printed: Path) -> None:
    python = [sys.executable, "-m"]
    formatted = subprocess.run(
        [*python, "ruff", "format", "--check", "--diff", "--line-length", "120", "."],
        cwd=printed,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert formatted.stdout == ""
    typed = subprocess.run([*python, "mypy", "--strict", "."], cwd=printed, capture_output=True, text=True, timeout=240)
    assert typed.returncode == 0, typed.stdout


SCALE = """\
backend: "python" max_batch_size: 8
input [ { name: "x" data_type: TYPE_FP32 dims: [ 3 ] } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ 3 ] } ]
"""
BOTH = """\
platform: "ensemble" max_batch_size: 16
input [ { name: "x" data_type: TYPE_FP32 dims: [ 3 ] } ]
output [ { name: "z" data_type: TYPE_FP32 dims: [ 3 ] } ]
ensemble_scheduling { step [ { model_name: "scale" model_version: -1
  input_map { key: "x" value: "x" } output_map { key: "y" value: "z" } } ] }
"""


def triton(folder: Path, **texts: str) -> subprocess.CompletedProcess[str]:
    """Import model repositories' configurations, each by its model's name."""
    for name, text in texts.items():
        (folder / name).mkdir()
        (folder / name / "config.pbtxt").write_text(text)
    return run(*(str(folder / name / "config.pbtxt") for name in texts))


def test_a_triton_repository_becomes_a_module_that_reads_well(tmp_path: Path) -> None:
    done = triton(tmp_path, scale=SCALE, both=BOTH)
    assert done.stdout == dedent(
        """\
        from seldon_infra.triton import (
            EnsembleStep,
            LatestVersions,
            Tensor,
            TritonEnsemble,
            TritonModel,
            TritonRepository,
        )

        scale = TritonModel(
            name="scale",
            max_batch_size=8,
            inputs=(Tensor(name="x", dtype="FP32", dims=(3,)),),
            outputs=(Tensor(name="y", dtype="FP32", dims=(3,)),),
            version_policy=LatestVersions(),
        )

        both = TritonEnsemble(
            name="both",
            max_batch_size=16,
            inputs=(Tensor(name="x", dtype="FP32", dims=(3,)),),
            outputs=(Tensor(name="z", dtype="FP32", dims=(3,)),),
            steps=(EnsembleStep(model="scale", inputs={"x": "x"}, outputs={"y": "z"}),),
            version_policy=LatestVersions(),
        )

        repository = TritonRepository(models=(scale, both))
        """
    )
    assert "a preview will refuse this: repository → Triton ensemble 'both' → step 'scale'" in done.stderr


def test_every_configuration_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    done = triton(tmp_path, scale=SCALE.replace("dims", "dim"), both=BOTH.replace("step [", "steps ["))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{tmp_path}/scale/config.pbtxt line 2: 'dim' is no field of ModelInput" in done.stderr
    assert f"{tmp_path}/both/config.pbtxt line 4: 'steps' is no field of ModelEnsembling" in done.stderr


def test_manifests_and_configurations_are_two_commands(tmp_path: Path) -> None:
    assert "must be of one kind" in run("a.yaml", "b/config.pbtxt").stderr
