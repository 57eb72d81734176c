"""Signatures of models, written by model-signing itself: every way in which a model is not what was signed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from seldon_infra.artifacts import signed
from seldon_infra.artifacts.signed import unsigned


def key_pair(folder: Path, name: str) -> Path:
    """Make a pair of keys; what comes back is the public one's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / f"{name}.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = folder / f"{name}.pub"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


def sign(model: Path, key: Path, *options: str) -> None:
    """Sign a model as the page on model files says."""
    command = ["model_signing", "sign", "key", "--private_key", str(key.with_suffix(".pem"))]
    where = ["--signature", str(model / "model.sig"), str(model)]
    subprocess.run([sys.executable, "-m", *command, *options, *where], check=True, timeout=240, capture_output=True)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return key_pair(tmp_path_factory.mktemp("keys"), "maker")


@pytest.fixture(scope="module")
def signature(key: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = files(tmp_path_factory.mktemp("signed"))
    sign(folder, key)
    return (folder / "model.sig").read_bytes()


@pytest.fixture
def model(signature: bytes, tmp_path: Path) -> Path:
    folder = files(tmp_path)
    (folder / "model.sig").write_bytes(signature)
    return folder


def files(parent: Path) -> Path:
    folder = parent / "model"
    (folder / "labels").mkdir(parents=True)
    (folder / "model.joblib").write_bytes(b"weights")
    (folder / "labels" / "names.txt").write_bytes(b"a b")
    return folder


def said(model: Path, key: Path) -> list[str]:
    return [f"{finding.file} {finding.got}" for finding in unsigned(model, key)]


def test_a_model_as_it_was_signed_is_right(model: Path, key: Path) -> None:
    assert said(model, key) == []


def hide(model: Path) -> None:
    """Put a file where model-signing does not look unless it is told to."""
    (model / ".git").mkdir()
    (model / ".git" / "more.pkl").write_bytes(b"1")


def forge(model: Path) -> None:
    bundle = json.loads((model / "model.sig").read_text())
    bundle["dsseEnvelope"]["payload"] = bundle["dsseEnvelope"]["payload"][:-8] + "AAAAAAAA"
    (model / "model.sig").write_text(json.dumps(bundle))


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        (lambda it: (it / "model.sig").unlink(), ["model.sig is not in the model's folder"]),
        (lambda it: (it / "model.joblib").write_bytes(b"Weights"), ["model.joblib is not what was signed"]),
        (lambda it: (it / "labels" / "names.txt").unlink(), ["labels/names.txt is signed and not there"]),
        (lambda it: (it / "more.pkl").write_bytes(b"1"), ["more.pkl is not in the model's signature"]),
        (hide, [".git/more.pkl is not in the model's signature"]),
        (forge, ["model.sig does not verify with maker.pub"]),
        (lambda it: (it / "model.sig").write_text("{}"), ["model.sig does not verify with maker.pub"]),
        (lambda it: (it / "model.sig").write_text("[" * 100_000), ["model.sig does not verify with maker.pub"]),
    ],
    ids=["none", "changed", "gone", "added", "hidden", "forged", "empty", "garbage"],
)
def test_what_is_not_as_it_was_signed_is_named_by_its_file(
    change: Callable[[Path], object], findings: list[str], model: Path, key: Path
) -> None:
    change(model)
    assert said(model, key) == findings


def test_two_changed_files_are_both_named(model: Path, key: Path) -> None:
    (model / "model.joblib").write_bytes(b"Weights")
    (model / "more.pkl").write_bytes(b"1")
    assert said(model, key) == [
        "more.pkl is not in the model's signature",
        "model.joblib is not what was signed",
    ]


def test_another_makers_key_does_not_verify(model: Path, tmp_path: Path) -> None:
    assert said(model, key_pair(tmp_path, "other")) == ["model.sig does not verify with other.pub"]


def test_a_key_that_is_none_is_named_with_its_field(model: Path, tmp_path: Path) -> None:
    (tmp_path / "no.pub").write_text("none")
    for key in (tmp_path / "no.pub", tmp_path / "absent.pub"):
        (finding,) = unsigned(model, key)
        assert str(finding) == (f"model.sig cannot be verified by {key}, must be a public key, PEM; correct signed_by")


def test_git_files_can_be_signed_as_well(model: Path, key: Path) -> None:
    hide(model)
    sign(model, key, "--no-ignore-git-paths")
    assert said(model, key) == []


@pytest.fixture
def verified(model: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that has been found right, in a cache of its own."""
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    assert said(model, key) == []
    return model


def refuse(key: Path) -> object:
    raise OSError(f"{key} was asked for again")


def test_what_was_verified_is_not_verified_again(verified: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed, "_verifier", refuse)
    assert said(verified, key) == []


def cache_bytecode(model: Path) -> None:
    """Put a file where no server's files are looked for."""
    (model / "__pycache__").mkdir()
    (model / "__pycache__" / "model.pyc").write_bytes(b"1")


def link(model: Path) -> None:
    """Put a link in the place of a file, to a file of the same content."""
    (model / "copy").write_bytes(b"weights")
    (model / "model.joblib").unlink()
    (model / "model.joblib").symlink_to("copy")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda model: (model / "model.joblib").write_bytes(b"Weights"), id="content"),
        pytest.param(lambda model: (model / "more.pkl").write_bytes(b"1"), id="a file more"),
        pytest.param(lambda model: (model / "labels" / "names.txt").unlink(), id="a file less"),
        pytest.param(lambda model: (model / "model.joblib").rename(model / "other.joblib"), id="a name"),
        pytest.param(forge, id="the signature"),
        pytest.param(hide, id="git's files"),
        pytest.param(cache_bytecode, id="Python's files"),
        pytest.param(link, id="a link"),
    ],
)
def test_what_was_verified_and_has_changed_since_is_verified_again(
    verified: Path, key: Path, change: Callable[[Path], object]
) -> None:
    change(verified)
    assert said(verified, key) != []


def test_another_key_in_the_same_file_verifies_again(verified: Path, tmp_path: Path, key: Path) -> None:
    own = tmp_path / key.name
    own.write_bytes(key.read_bytes())
    assert said(verified, own) == []
    own.write_bytes(key_pair(tmp_path, "stranger").read_bytes())
    assert said(verified, own) == [f"model.sig does not verify with {key.name}"]
