"""What of a deployment's files is missing or hostile is told before anything is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra.artifacts.digest import digest_of
from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.servers.spec import PythonServer, Server, SklearnServer
from seldon_infra.targets.local_files import hostile_files, missing_files, other_files, unsigned_files
from tests.unit.artifacts.judge.written import called_in_protocol_4

NODE = "SeldonDeployment 'd' → predictor 'main' → model 'm'"


def deployment(
    server: Server | None = None,
    trusted: tuple[str, ...] = (),
    signed_by: str | None = None,
    model_digest: str | None = None,
) -> SeldonDeployment:
    node = Model(
        name="m",
        server=server or SklearnServer(),
        model_uri="model",
        trusted=trusted,
        signed_by=signed_by,
        model_digest=model_digest,
    )
    return SeldonDeployment(name="d", namespace="ns", protocol="v2", predictors=[Predictor(name="main", graph=node)])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.joblib").write_bytes(called_in_protocol_4("os", "system"))
    (tmp_path / "model" / "extra.pkl").write_bytes(called_in_protocol_4("subprocess", "Popen"))
    (tmp_path / "score.py").write_text("import os\nos.system('true')\n")
    return tmp_path


def test_all_that_a_models_files_do_is_told_at_once_with_its_node(project: Path) -> None:
    said = [str(problem) for problem in hostile_files(deployment(), project)]
    assert said == [
        f"{NODE}: model_uri 'model': {file} imports {name}, must import only what its server needs; "
        f"accept it by trusted=('{name}',) if you know who made the file"
        for file, name in (("extra.pkl", "subprocess.Popen"), ("model.joblib", "os.system"))
    ]


def test_what_a_node_trusts_is_no_problem_and_everything_else_is(project: Path) -> None:
    (left,) = hostile_files(deployment(trusted=("os.system",)), project)
    assert "extra.pkl imports subprocess.Popen" in str(left)


def test_the_code_of_the_users_own_class_is_not_judged_but_its_model_files_are(project: Path) -> None:
    server = PythonServer(source="score.py", class_name="Score")
    assert len(list(hostile_files(deployment(server), project))) == 2
    assert not list(missing_files(deployment(server), project))


def test_a_model_that_is_not_there_is_missing_and_not_hostile(tmp_path: Path) -> None:
    assert not list(hostile_files(deployment(), tmp_path))
    assert len(list(missing_files(deployment(), tmp_path))) == 1


def test_a_model_without_signature_is_a_problem_of_the_node_that_asks_for_one(project: Path) -> None:
    assert not list(unsigned_files(deployment(), project))
    (missing,) = unsigned_files(deployment(signed_by="maker.pub"), project)
    assert str(missing) == (
        f"{NODE}: model_uri 'model': model.sig is not in the model's folder, must be, for signed_by; "
        "run: model_signing sign key --private_key KEY --signature FOLDER/model.sig FOLDER"
    )


def test_a_model_that_is_not_what_was_pinned_is_named_with_both_digests(project: Path) -> None:
    found, _ = digest_of(project / "model")
    assert not list(other_files(deployment(), project))
    assert not list(other_files(deployment(model_digest=found), project))
    pinned = "sha256:" + "0a" * 32
    (said,) = other_files(deployment(model_digest=pinned), project)
    assert str(said) == (
        f"{NODE}: model_uri 'model': its digest is {found}, must be the model_digest {pinned}; "
        "upload the files that were pinned, or pin those that are there once you know who changed them"
    )
