"""Holds a model's files to the signature that lies with them, by a public key and without asking anybody.

The signature is `model.sig` in the model's folder, as OpenSSF's model-signing writes it: a Sigstore bundle around an
in-toto statement with every file's digest. Source: https://github.com/sigstore/model-transparency.

What was verified is remembered by all that it follows from: every path below the folder with its content, the key, this
code and model-signing's version. Large files' contents are remembered themselves, so nothing large is read again.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from seldon_infra.artifacts.files import files_of
from seldon_infra.artifacts.judge.finding import Finding
from seldon_infra.artifacts.remembered import note, remembered
from seldon_infra.core.errors import PartNotFound
from seldon_infra.core.paths import cache_dir

SIGNATURE = "model.sig"
"""Name of the signature in the model's folder."""
_SIGN = f"run: model_signing sign key --private_key KEY --signature FOLDER/{SIGNATURE} FOLDER"
_WANT = "must be as the model's maker signed it"


def unsigned(model: Path, key: Path) -> list[Finding]:
    """Find what of a model is not as it was signed: nothing, if all of its files are.

    Args:
        model: the model's folder.
        key: a file with the public key, PEM, of an elliptic curve.

    Raises:
        PartNotFound: model-signing is not installed.
    """
    if not (model / SIGNATURE).is_file():
        return [Finding(SIGNATURE, "is not in the model's folder", "must be, for signed_by", mend=_SIGN)]
    mark = _mark(model, key)
    if mark is not None and _noted(mark).exists():
        return []
    found = _found(model, key)
    if not found and mark is not None and _mark(model, key) == mark:
        note(_noted(mark), [])
    return found


def _found(model: Path, key: Path) -> list[Finding]:
    try:
        verifier = _verifier(key)
    except (OSError, ValueError):
        return [
            Finding(SIGNATURE, f"cannot be verified by {key}", "must be a public key, PEM", mend="correct signed_by")
        ]
    try:
        verifier.verify(model, model / SIGNATURE)
    except Exception as error:
        # What a signature that is none makes of its reader is any error at all.
        return _differences(model) if _is_of_files(error) else [_not_of(key)]
    return list(_unlisted(model, _signed(model)))


def _mark(model: Path, key: Path) -> str | None:
    """Give a digest of all that a verdict follows from; None where something of it cannot be read."""
    whole = hashlib.sha256(Path(__file__).read_bytes())
    try:
        whole.update(f"{version('model-signing')}\0{_digest(key)}\0".encode())
        for path in sorted(model.rglob("*")):
            # Links and Python's own caches as well: a verifier sees them, whatever a server reads.
            what = f"-> {path.readlink()}" if path.is_symlink() else ""
            content = remembered(path, "sha256", partial(_digest, path)) if path.is_file() else ""
            line = f"{path.relative_to(model).as_posix()}\0{what}\0{content}\0"
            whole.update(line.encode("utf-8", "surrogateescape"))
    except (OSError, PackageNotFoundError):
        return None
    return whole.hexdigest()


def _noted(mark: str) -> Path:
    """Say where it is noted that all was well."""
    return cache_dir() / "verified" / f"{mark}.json"


def _verifier(key: Path) -> Any:
    try:
        # Signatures are asked for by few, and what reads them takes half a second to load.
        from model_signing import hashing, verifying
    except ImportError:
        raise PartNotFound("model-signing", "run: pip install 'seldon-infra[signatures]'") from None
    # Its constructors have no types.
    hashes: Any = hashing.Config
    verifiers: Any = verifying.Config
    # Left to itself, it looks at no file of git, even where the signature has some.
    whole = hashes().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    return verifiers().use_elliptic_key_verifier(public_key=key).set_hashing_config(whole)


def _not_of(key: Path) -> Finding:
    return Finding(SIGNATURE, f"does not verify with {key.name}", "must be signed with its private key")


def _is_of_files(error: Exception) -> bool:
    """Tell files that differ from a signature that is not of the key; model-signing has one error for the former."""
    return isinstance(error, ValueError) and str(error).startswith("Signature mismatch")


def _differences(model: Path) -> list[Finding]:
    signed = _signed(model)
    found = [*_unlisted(model, signed), *_changed(model, signed)]
    return found or [Finding(SIGNATURE, "is of other files", _WANT)]


def _unlisted(model: Path, signed: Mapping[str, str]) -> Iterator[Finding]:
    """Give the files that the signature leaves out: a signature may name paths to ignore, and a server reads them."""
    mend = "remove it, or sign the model with --no-ignore-git-paths"
    for file in files_of(model):
        if file.name != SIGNATURE and file.name not in signed:
            yield Finding(file.name, "is not in the model's signature", _WANT, mend=mend)


def _changed(model: Path, signed: Mapping[str, str]) -> Iterator[Finding]:
    for name, digest in signed.items():
        if not (model / name).is_file():
            yield Finding(name, "is signed and not there", _WANT)
        elif _digest(model / name) != digest:
            yield Finding(name, "is not what was signed", _WANT)


def _digest(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _signed(model: Path) -> dict[str, str]:
    """Read a verified signature's files with their digests."""
    bundle = json.loads((model / SIGNATURE).read_bytes())
    said = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    return {str(each["name"]): str(each["digest"]) for each in said["predicate"]["resources"]}
