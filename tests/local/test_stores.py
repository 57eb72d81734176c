"""A model in a bucket, on this machine: previewed, served, changed under the same URI, refused when it is hostile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from seldon_infra.artifacts.stores import resolve
from tests.aws.moto_server import moto_server
from tests.engine.scratch import STACK
from tests.local.project import Project, new_project
from tests.unit.artifacts.judge.written import called_in_protocol_4
from tests.unit.artifacts.test_signed import key_pair, sign

pytestmark = [pytest.mark.engine, pytest.mark.local]

KEY = "canary-of-a-secret-key"
CLASS = """from pathlib import Path
class Version:
    def __init__(self, model_uri):
        self.version = int(Path(model_uri, "version.txt").read_text())
    def predict(self, rows, names, meta=None):
        return [[self.version]]
"""
DEFINITION = """
import pulumi
storage = S3Storage(access_key_id="id", secret_access_key=secret("storeKey"), endpoint="{endpoint}", provider="Minio")
server = PythonServer(source="version.py", class_name="Version")
graph = Model(name="version", server=server, model_uri="s3://models/version", signed_by={key},
    model_digest={digest})
stack = Stack(target=Local(), deployments=[SeldonDeployment(
    name="d", namespace="ns", predictors=[Predictor(name="main", graph=graph)], storage=[storage])])
"""


def definition(endpoint: str, key: str | None = None, digest: str | None = None) -> str:
    return DEFINITION.format(endpoint=endpoint, key=repr(key), digest=repr(digest))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server() as address:
        yield f"http://{address}"


@pytest.fixture(scope="module")
def bucket(endpoint: str) -> Any:
    made = boto3.resource(
        "s3", endpoint_url=endpoint, aws_access_key_id="id", aws_secret_access_key=KEY, region_name="us-east-1"
    )
    return made.create_bucket(Bucket="models")


@pytest.fixture(scope="module")
def project(endpoint: str) -> Iterator[Project]:
    with new_project() as made:
        made.engine.run("config", "set", "--secret", "--stack", STACK, "storeKey", KEY)
        (made.folder / "version.py").write_text(CLASS)
        made.write(definition(endpoint))
        yield made


def up(project: Project) -> None:
    project.engine.run("up", "--stack", STACK, "--yes")


def test_a_model_of_a_bucket_is_served_and_its_key_is_nowhere(project: Project, bucket: Any) -> None:
    bucket.put_object(Key="version/version.txt", Body=b"1")
    up(project)
    assert project.version() == 1
    state = project.engine.run("stack", "export", "--stack", STACK).stdout
    assert KEY not in state
    assert not [file for file in project.folder.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


def test_changed_content_under_the_same_uri_shows_in_a_preview_and_replaces_the_process(
    project: Project, bucket: Any
) -> None:
    pids = project.pids()
    bucket.put_object(Key="version/version.txt", Body=b"2")
    assert "replace" in project.engine.preview().stdout
    up(project)
    assert project.version() == 2
    assert project.pids() != pids


def test_a_model_of_the_bucket_that_is_not_what_was_pinned_fails_the_preview(project: Project, endpoint: str) -> None:
    local = project.folder / "pinned"
    local.mkdir()
    (local / "version.txt").write_bytes(b"2")
    found, other = resolve(str(local), project.folder).digest, "sha256:" + "0a" * 32
    project.write(definition(endpoint, digest=other))
    said = project.engine.preview(check=False)
    assert said.returncode != 0
    assert (
        f"'s3://models/version': its digest is {found}, must be the model_digest {other}" in said.stdout + said.stderr
    )
    project.write(definition(endpoint, digest=found))
    assert project.engine.preview(check=False).returncode == 0


def test_a_hostile_file_in_the_bucket_fails_the_preview_and_the_model_serves_on(
    project: Project, bucket: Any, endpoint: str
) -> None:
    bucket.put_object(Key="version/more.bin", Body=called_in_protocol_4("os", "system"))
    project.write(definition(endpoint))
    said = project.engine.preview(check=False)
    assert said.returncode != 0
    assert "'s3://models/version': more.bin imports os.system" in said.stdout + said.stderr
    assert KEY not in said.stdout + said.stderr
    assert project.version() == 2


def test_a_model_of_the_bucket_is_held_to_its_signature(project: Project, bucket: Any, endpoint: str) -> None:
    bucket.Object("version/more.bin").delete()
    key = key_pair(project.folder, "maker")
    project.write(definition(endpoint, key="maker.pub"))
    said = project.engine.preview(check=False)
    assert "'s3://models/version': model.sig is not in the model's folder" in said.stdout + said.stderr
    local = project.folder / "signed"
    local.mkdir()
    (local / "version.txt").write_bytes(b"2")
    sign(local, key)
    bucket.put_object(Key="version/model.sig", Body=(local / "model.sig").read_bytes())
    assert project.engine.preview(check=False).returncode == 0
    bucket.put_object(Key="version/version.txt", Body=b"3")
    said = project.engine.preview(check=False)
    assert "'s3://models/version': version.txt is not what was signed" in said.stdout + said.stderr
