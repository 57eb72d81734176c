"""A SavedModel that cannot be served is said before TensorFlow sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.saved_model import signatures
from seldon_infra.servers.spec import SklearnServer, TensorFlowServer
from seldon_infra.targets.saved_models import wrong_saved_models
from tests.unit.graph.check.build import NODE, graph, model


def field(number: int, content: bytes) -> bytes:
    """A field with a length, as protobuf writes it."""
    return bytes([number << 3 | 2, len(content)]) + content


def saved(*names: str, tag: str = "serve") -> bytes:
    """The file of a SavedModel with a version number, a tag and signatures."""
    defined = b"".join(field(5, field(1, name.encode()) + field(2, b"")) for name in names)
    return b"\x08\x01" + field(2, field(1, field(4, tag.encode())) + field(2, b"graph") + defined)


GOOD = saved("__saved_model_init_op", "serving_default")


def said(project: Path, deployment: SeldonDeployment | None = None) -> list[str]:
    served = deployment or graph(model(server=TensorFlowServer(), model_uri="sums"), protocol="tensorflow")
    return [str(problem) for problem in wrong_saved_models(served, project)]


def write(project: Path, path: str, content: bytes = GOOD) -> None:
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).write_bytes(content)


def test_versions_that_can_be_served_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "sums/1/saved_model.pb")
    write(tmp_path, "sums/10/saved_model.pb", saved("two"))
    write(tmp_path, "sums/README.md", b"")
    assert said(tmp_path) == []


WRONG: dict[str, tuple[str, bytes, str]] = {
    "a file": ("sums", GOOD, "model_uri 'sums' is a file, must be a folder; put the SavedModel into sums/1"),
    "no version folder": (
        "sums/saved_model.pb",
        GOOD,
        "model_uri 'sums' holds saved_model.pb, must hold it in a version folder; move all of it into sums/1",
    ),
    "nothing": (
        "sums/README.md",
        b"",
        "model_uri 'sums' holds no version folder, must hold one such as 1; "
        "write tf.saved_model.save(model, 'sums/1', signatures=…)",
    ),
    "a folder that is no number": (
        "sums/v1/saved_model.pb",
        GOOD,
        "model_uri 'sums', version folder 'v1', must be a whole number; rename or remove it; "
        "the highest number is served",
    ),
    "a number of another script": (
        "sums/١/saved_model.pb",
        GOOD,
        "model_uri 'sums', version folder '١', must be a whole number; rename or remove it; "
        "the highest number is served",
    ),
    "a version without a model": (
        "sums/1/model.h5",
        b"",
        "model_uri 'sums', version folder '1', holds no saved_model.pb, must hold a SavedModel; "
        "save it anew, or remove it",
    ),
    "no signature": (
        "sums/1/saved_model.pb",
        saved("__saved_model_init_op"),
        "model_uri 'sums', version folder '1', has no signature under the tag 'serve', must have one to be asked by; "
        "write tf.saved_model.save(model, folder, signatures={'serving_default': model.call})",
    ),
    "a graph for training": (
        "sums/1/saved_model.pb",
        saved("serving_default", tag="train"),
        "model_uri 'sums', version folder '1', has no signature under the tag 'serve', must have one to be asked by; "
        "write tf.saved_model.save(model, folder, signatures={'serving_default': model.call})",
    ),
    "an empty file": (
        "sums/1/saved_model.pb",
        b"",
        "model_uri 'sums', version folder '1', saved_model.pb: 0 bytes, must be a SavedModel; "
        "save it anew, or remove it",
    ),
    "a file of another kind": (
        "sums/1/saved_model.pb",
        b"\x13\x00",
        "model_uri 'sums', version folder '1', saved_model.pb: a field of kind 3, must be a SavedModel; "
        "save it anew, or remove it",
    ),
}


@pytest.mark.parametrize(("path", "content", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_served_is_said(tmp_path: Path, path: str, content: bytes, message: str) -> None:
    write(tmp_path, path, content)
    assert said(tmp_path) == [f"{NODE}: {message}"]


def test_what_is_not_here_or_not_tensorflow_s_is_left_to_others(tmp_path: Path) -> None:
    assert said(tmp_path) == []
    write(tmp_path, "sums/v1/saved_model.pb")
    assert said(tmp_path, graph(model(server=TensorFlowServer(), model_uri="s3://b/sums"))) == []
    assert said(tmp_path, graph(model(server=SklearnServer(), model_uri="sums"))) == []


def test_signatures_come_in_order_without_the_one_that_initialises() -> None:
    assert signatures(saved("two", "serving_default", "__saved_model_init_op")) == ["serving_default", "two"]


@pytest.mark.parametrize("content", [GOOD[:-1], b"\x12\xff", b"\x80" * 20, b"\x0b"])
def test_what_ends_too_early_is_no_saved_model(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        signatures(content)
