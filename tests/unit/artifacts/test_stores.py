"""Where a model's URI leads, what its digest depends on, and what is never read or written."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seldon_infra.artifacts import stores
from seldon_infra.core.errors import ModelNotFound, NotPermitted, SeldonInfraError

NAMES = st.text("abcü .-_", min_size=1, max_size=8).filter(lambda name: name.strip(" .") == name)
TREES = st.dictionaries(st.tuples(NAMES) | st.tuples(NAMES, NAMES), st.binary(max_size=50), min_size=1, max_size=6)


def write(folder: Path, tree: dict[tuple[str, ...], bytes]) -> None:
    for path, content in tree.items():
        file = folder.joinpath(*path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def writable(tree: dict[tuple[str, ...], bytes]) -> bool:
    return not any(len(path) == 1 and any(other[0] == path[0] and len(other) > 1 for other in tree) for path in tree)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "model"
    write(folder, {("model.joblib",): b"weights", ("sub", "labels.txt"): b"0 1 2"})
    return folder


def digest(uri: object) -> str:
    return stores.resolve(str(uri), Path("/nowhere")).digest


def test_a_relative_file_uri_starts_from_the_project_wherever_the_plugin_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").write_text("x")
    monkeypatch.chdir("/")
    assert stores.resolve("file:model", tmp_path).path == tmp_path / "model"


@given(TREES.filter(writable), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_a_digest_does_not_depend_on_the_order_of_writing_or_on_the_folder(
    tree: dict[tuple[str, ...], bytes], shuffle: random.Random
) -> None:
    items = list(tree.items())
    shuffle.shuffle(items)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "one", tree)
        write(Path(folder) / "two", dict(items))
        for file in (Path(folder) / "two").rglob("*"):
            os.utime(file, (1, 1))
        assert digest(Path(folder) / "one") == digest(Path(folder) / "two")


@given(TREES.filter(writable), TREES.filter(writable))
@settings(deadline=None, max_examples=60)
def test_different_models_have_different_digests(
    one: dict[tuple[str, ...], bytes], two: dict[tuple[str, ...], bytes]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "one", one)
        write(Path(folder) / "two", two)
        assert (digest(Path(folder) / "one") == digest(Path(folder) / "two")) == (one == two)


@given(TREES.filter(writable))
@settings(deadline=None, max_examples=40)
def test_a_copy_is_the_model(tree: dict[tuple[str, ...], bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "one", tree)
        models = Path(folder) / "models"
        models.mkdir()
        found = stores.resolve("one", Path(folder))
        copied = stores.copy(found, models)
        read = {file.relative_to(copied).parts: file.read_bytes() for file in copied.rglob("*") if file.is_file()}
        assert read == tree
        assert found.size == sum(map(len, tree.values()))
        assert [entry.name for entry in models.iterdir()] == [stores.folder_name(found.digest)]


def test_relative_absolute_and_file_uris_lead_to_the_same(model: Path) -> None:
    project = model.parent
    uris = ["model", "./model", str(model), f"file://{model}", f"file://localhost{model}", "../project/model"]
    assert len({stores.resolve(uri, project).digest for uri in uris}) == 1


def test_an_escaped_file_uri_is_unescaped(tmp_path: Path) -> None:
    write(tmp_path, {("my model.bin",): b"x"})
    assert stores.resolve(f"file://{tmp_path}/my%20model.bin", tmp_path).size == 1


def test_a_single_file_is_a_model(model: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    copied = stores.copy(stores.resolve("model.joblib", model), models)
    assert [file.name for file in copied.iterdir()] == ["model.joblib"]


def test_what_python_leaves_beside_a_class_does_not_count(model: Path) -> None:
    before = digest(model)
    write(model, {("__pycache__", "x.pyc"): b"1", ("sub", "__pycache__", "y.pyc"): b"2"})
    assert digest(model) == before


REMOTE = [
    "S3://bucket/model",
    "http://169.254.169.254/latest/meta-data/iam",
    "http://[fd00:ec2::254]/latest",
    "http://metadata.google.internal/computeMetadata/v1",
    "https://127.0.0.1:8080/model",
    "http://localhost/model",
    "http://0x7f000001/model",
    "ftp://host/model",
    "gopher://host/1",
    "file://metadata/etc/passwd",
    "file://169.254.169.254/x",
    "jar:file:///x!/y://",
]


@pytest.mark.parametrize("uri", REMOTE)
def test_what_is_neither_a_file_nor_a_store_is_refused_without_being_asked(uri: str, tmp_path: Path) -> None:
    """Row 57: no request to a metadata service, to loopback or to anybody is ever made."""
    with pytest.raises((ModelNotFound, NotPermitted), match=r"this machine|metadata service") as refused:
        stores.resolve(uri, tmp_path)
    assert uri in str(refused.value)


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=f"'model' leads to {tmp_path}/model, which does not exist"):
        stores.resolve("model", tmp_path)


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model" / "__pycache__").mkdir(parents=True)
    with pytest.raises(ModelNotFound, match="holds no file"):
        stores.resolve("model", tmp_path)


def test_a_device_or_a_pipe_is_no_model(tmp_path: Path) -> None:
    """Reading one would never end."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelNotFound, match="neither a file nor a folder"):
        stores.resolve("pipe", tmp_path)
    with pytest.raises(ModelNotFound, match="neither a file nor a folder"):
        stores.resolve("/dev/zero", tmp_path)


ESCAPES = {
    "absolute": "/etc/passwd",
    "upwards": "../../secret",
    "upwards and back": "../model/../../secret",
    "to the folder above": "..",
    "to the root": "/",
    "to a sibling whose name begins alike": "../model-other/secret",
    "nowhere": "gone",
    "to itself": "link",
    "to a device": "/dev/zero",
    "to the environment": "/proc/self/environ",
    "to a folder inside": "sub",
}


@pytest.mark.parametrize("leads_to", ESCAPES.values(), ids=ESCAPES.keys())
@pytest.mark.parametrize("where", ["link", "sub/link"])
def test_links_that_lead_out_or_nowhere_are_refused(model: Path, where: str, leads_to: str) -> None:
    """Row 58: nothing outside the model's folder is read, nor a copy left."""
    write(model.parent.parent, {("secret",): b"secret"})
    write(model.parent, {("secret",): b"secret", ("model-other", "secret"): b"secret"})
    if leads_to == "sub" and where == "sub/link":
        leads_to = "../sub"
    (model / where).symlink_to(leads_to)
    with pytest.raises(NotPermitted, match="link"):
        stores.resolve(str(model), model.parent)
    models = model.parent / "models"
    models.mkdir()
    with pytest.raises(SeldonInfraError):
        stores.copy(stores.Found(model, "sha256:" + "0" * 64, 0), models)
    assert not list(models.iterdir())


def test_a_link_inside_the_model_is_copied_as_what_it_leads_to(model: Path, tmp_path: Path) -> None:
    (model / "latest").symlink_to("model.joblib")
    models = tmp_path / "models"
    models.mkdir()
    copied = stores.copy(stores.resolve(str(model), tmp_path), models)
    assert not (copied / "latest").is_symlink()
    assert (copied / "latest").read_bytes() == b"weights"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(model: Path) -> None:
    (model / "model.joblib").chmod(0)
    with pytest.raises(NotPermitted, match="joblib cannot be read"):
        stores.resolve(str(model), model)


def test_an_edited_copy_is_seen_and_made_again(model: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    found = stores.resolve(str(model), tmp_path)
    copied = stores.copy(found, models)
    assert stores.digest_of_copy(models, found.digest) == found.digest
    (copied / "model.joblib").write_bytes(b"other")
    assert stores.digest_of_copy(models, found.digest) != found.digest
    stores.copy(found, models)
    assert stores.digest_of_copy(models, found.digest) == found.digest
    (copied / "link").symlink_to("/etc/passwd")
    assert stores.digest_of_copy(models, found.digest) == "edited"
    shutil.rmtree(copied)
    assert stores.digest_of_copy(models, found.digest) is None


def test_a_copy_that_was_killed_is_cleared_away(model: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    write(models, {(".copy-abc", "content", "half"): b"1"})
    found = stores.resolve(str(model), tmp_path)
    stores.copy(found, models)
    assert [entry.name for entry in models.iterdir()] == [stores.folder_name(found.digest)]


def test_a_model_that_changes_after_its_digest_is_not_copied(model: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    found = stores.resolve(str(model), tmp_path)
    (model / "model.joblib").write_bytes(b"newer")
    with pytest.raises(ModelNotFound, match="changed while"):
        stores.copy(found, models)
    assert not list(models.iterdir())
