"""Other contents under the same URI: a real S3 server, the real engine and API server, and who cannot look."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from seldon_infra.graph.manifest import GROUP, PLURAL
from tests.aws.moto_server import moto_server
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kubernetes_provider.install import install_provider
from tests.cluster.operator import operator
from tests.cluster.patient import PROGRAM
from tests.engine.scratch import ENVIRONMENT, STACK, Engine, scratch_engine

pytestmark = pytest.mark.cluster

KEY = "canary-of-a-store-key"
PATH = f"/apis/{GROUP}/v1/namespaces/contents/{PLURAL}/iris"
MARK = "model-digest.seldon-infra/classifier"
LOOKS_LONG = """
from seldon_infra.clusters import models
from seldon_infra.targets import model_files

models.SECONDS = model_files.SECONDS = 120
"""
MODULE = """
from seldon_infra import *

stack = Stack(
    target=Kubernetes(),
    deployments=[SeldonDeployment(
        name="iris", namespace="contents", protocol="v2",
        storage=[S3Storage(access_key_id="id", secret_access_key=secret("storeKey"), endpoint="{endpoint}")],
        predictors=[Predictor(name="main", graph=Model(
            name="classifier", server=SklearnServer(), model_uri="s3://models/iris"))],
    )],
)
"""


@dataclass
class Scene:
    """An applied stack with a model in a bucket."""

    engine: Engine
    control_plane: ControlPlane
    bucket: Any
    server: ExitStack

    def digest(self) -> str:
        """The digest at the pods of what was applied."""
        (pod,) = self.control_plane.request("GET", PATH)["spec"]["predictors"][0]["componentSpecs"]
        return str(pod["metadata"]["annotations"][MARK])

    def preview(self, *words: str) -> str:
        done = self.engine.preview(*words)
        return done.stdout + done.stderr

    def drift(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "seldon_infra.cli.main", "drift", "--stack", STACK, *words]
        engine = self.engine
        done = subprocess.run(
            command, cwd=engine.directory, env=engine.environment, capture_output=True, text=True, timeout=240
        )
        assert "Traceback" not in done.stderr
        assert KEY not in done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def scene(control_plane: ControlPlane) -> Iterator[Scene]:
    folder = Path(tempfile.mkdtemp(prefix="contents-")).resolve()
    server = ExitStack()
    endpoint = f"http://{server.enter_context(moto_server())}"
    resource = boto3.resource(
        "s3", endpoint_url=endpoint, aws_access_key_id="id", aws_secret_access_key=KEY, region_name="us-east-1"
    )
    bucket = resource.create_bucket(Bucket="models")
    bucket.put_object(Key="iris/model.joblib", Body=b"one")
    engine = scratch_engine(folder)
    engine.environment |= {"KUBECONFIG": str(control_plane.kubeconfig), "SELDON_INFRA_CACHE": str(folder / "cache")}
    install_provider(folder)
    engine.use_plugin("kubernetes", folder)
    engine.use_plugin("seldon", ENVIRONMENT / "bin")
    engine.write_program(LOOKS_LONG + PROGRAM)
    engine.set_secret("storeKey", KEY)
    (engine.directory / f"{STACK}.py").write_text(MODULE.format(endpoint=endpoint))
    with operator(control_plane), server:
        engine.up()
        yield Scene(engine, control_plane, bucket, server)
        engine.destroy()
    shutil.rmtree(folder)


class Listed(logging.Handler):
    """Counts the listings that the server was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "list-type=2" in record.getMessage()


@pytest.fixture
def listed() -> Iterator[Listed]:
    log, heard = logging.getLogger("werkzeug"), Listed()
    level = log.level
    log.addHandler(heard)
    log.setLevel(logging.INFO)
    yield heard
    log.setLevel(level)
    log.removeHandler(heard)


def test_what_was_seen_is_at_the_pods_and_costs_a_preview_one_listing(scene: Scene, listed: Listed) -> None:
    assert re.fullmatch("sha256:[0-9a-f]{64}", scene.digest())
    scene.preview("--expect-no-changes")
    assert listed.count == 1
    assert KEY not in json.dumps(scene.engine.deployment())


def test_the_same_files_uploaded_anew_change_nothing(scene: Scene) -> None:
    client = scene.bucket.meta.client
    before = client.head_object(Bucket="models", Key="iris/model.joblib")["ETag"]
    upload = client.create_multipart_upload(Bucket="models", Key="iris/model.joblib")["UploadId"]
    where = {"Bucket": "models", "Key": "iris/model.joblib", "UploadId": upload}
    part = client.upload_part(**where, PartNumber=1, Body=b"one")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(**where, MultipartUpload=parts)
    assert client.head_object(Bucket="models", Key="iris/model.joblib")["ETag"] != before
    scene.preview("--expect-no-changes")
    assert scene.drift("--skip-preview").stdout == f"stack '{STACK}': no drift\n"


def test_other_contents_are_drift_a_change_in_the_preview_and_other_pods(scene: Scene) -> None:
    before = scene.digest()
    scene.bucket.put_object(Key="iris/model.joblib", Body=b"two")
    done = scene.drift()
    assert done.returncode == 7
    assert "declared and not applied" not in done.stdout
    assert "Model iris/main/classifier: content of s3://models/iris changed\n" in done.stdout
    assert MARK in scene.engine.preview("--diff").stdout
    scene.engine.up()
    assert scene.digest() != before


def test_a_model_that_is_gone_rolls_nothing_and_is_said(scene: Scene) -> None:
    scene.bucket.Object("iris/model.joblib").delete()
    assert "model_uri 's3://models/iris' holds nothing, must lead to a model" in scene.preview("--expect-no-changes")
    scene.bucket.put_object(Key="iris/model.joblib", Body=b"two")


def test_a_store_that_gives_no_answer_and_a_look_that_is_skipped_change_nothing(scene: Scene) -> None:
    scene.server.close()
    assert "its model's files are not judged here" in scene.preview("--expect-no-changes")
    done = scene.drift("--skip-preview")
    assert done.returncode == 0
    assert "model 'iris/main/classifier': 's3://models/iris'" in done.stderr
    definition = scene.engine.directory / f"{STACK}.py"
    definition.write_text(definition.read_text().replace("Kubernetes()", "Kubernetes(live_checks='skip')"))
    scene.preview("--expect-no-changes")
