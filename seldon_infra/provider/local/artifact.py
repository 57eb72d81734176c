"""``seldon:local:Artifact``: the copy by digest; a changed file is another digest, so a replacement."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from seldon_infra.artifacts import stores
from seldon_infra.artifacts.digest import unlike
from seldon_infra.artifacts.judge.finding import Finding
from seldon_infra.core import atomic
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Problem, Refused, Resource
from seldon_infra.resources.local_artifact import ARTIFACT, ArtifactInputs, ArtifactOutputs
from seldon_infra.runtime.processes import remove_if_empty
from seldon_infra.runtime.stack_dir import StackDir, make_private

GONE = "gone"
"""Digest of a copy that somebody has deleted while it was in use."""


class Artifact(Resource[ArtifactInputs, ArtifactOutputs]):
    """A copy of a model's files in the stack's folder, shared by all artifacts of the same digest."""

    type = ARTIFACT
    computed = frozenset({"digest"})

    def check(self, inputs: ArtifactInputs, context: Context) -> ArtifactInputs:
        """Find and judge the files now, so that a preview shows what is missing, hostile, or has changed."""
        try:
            found = stores.resolve(inputs.uri, Path(inputs.project), inputs.storage)
            findings = [*unlike(found.digest, inputs.model_digest), *_findings(found.path, inputs)]
        except SeldonInfraError as error:
            raise Refused(Problem("uri", str(error))) from None
        if findings:
            raise Refused(*(Problem("uri", f"'{inputs.uri}': {finding}") for finding in findings))
        return inputs.model_copy(update={"digest": found.digest})

    def preview(
        self, inputs: ArtifactInputs, last: Instance[ArtifactInputs, ArtifactOutputs] | None
    ) -> Mapping[str, object]:
        """The copy's folder follows from the digest."""
        return {"path": str(_folder(inputs))}

    def create(self, inputs: ArtifactInputs, context: Context) -> Created[ArtifactOutputs]:
        """Copy the files and note that this declaration uses the copy."""
        stack = StackDir(Path(inputs.stack_dir))
        found = stores.resolve(inputs.uri, Path(inputs.project), inputs.storage)
        if found.digest != inputs.digest:
            raise Failed(f"'{inputs.uri}' has changed since the preview; run again")
        with stack.locked():
            # The note comes first: from here on a later run finishes the copy, and nobody else takes it away.
            make_private(_users(inputs))
            (_users(inputs) / f"{context.owner}.{context.token}").touch()
        # A large model takes its time, and nobody but other copies needs to wait for it.
        with stack.locked("copy.lock", timeout=context.remaining()):
            stores.copy(found, stack.models)
        return Created(_id(inputs, context.token), _outputs(inputs))

    def find(self, inputs: ArtifactInputs, context: Context) -> Iterable[Instance[ArtifactInputs, ArtifactOutputs]]:
        """Every copy that notes this declaration as a user."""
        for mark in _marks_of(Path(inputs.stack_dir) / "models", context.owner):
            token, name = mark.suffix[1:], mark.parent.name.removesuffix(".users")
            found = inputs.model_copy(update={"digest": f"sha256:{name}"})
            with suppress(FileNotFoundError):  # another deletion has just taken it away
                yield Instance(f"{name}-{token[:8]}", found, _outputs(found), token, mark.read_text(encoding="utf-8"))

    def resume(
        self, found: Instance[ArtifactInputs, ArtifactOutputs], inputs: ArtifactInputs, context: Context
    ) -> Created[ArtifactOutputs]:
        """Copy what a killed run has not."""
        return self.create(inputs, context)

    def settle(self, id: str, last: Instance[ArtifactInputs, ArtifactOutputs], context: Context) -> None:
        """Note in the mark that the state has it."""
        for mark in _marks(last.inputs, id):
            atomic.write(mark, context.owner)

    def read(
        self, id: str, last: Instance[ArtifactInputs, ArtifactOutputs] | None, context: Context
    ) -> Instance[ArtifactInputs, ArtifactOutputs] | None:
        """The digest of what is in the copy now: somebody may have edited it."""
        if last is None:
            raise Failed("an artifact cannot be imported; declare it, and it is copied")
        models = Path(last.inputs.stack_dir) / "models"
        digest = stores.digest_of_copy(models, str(last.inputs.digest))
        if digest is None and not _users(last.inputs).exists():
            return None
        inputs = last.inputs.model_copy(update={"digest": digest or GONE})
        marks = _marks(last.inputs, id)
        if not marks:
            return Instance(id, inputs, last.outputs)
        return Instance(id, inputs, last.outputs, marks[0].suffix[1:], marks[0].read_text(encoding="utf-8"))

    def delete(self, id: str, last: Instance[ArtifactInputs, ArtifactOutputs], context: Context) -> None:
        """Take the note away, and the copy with the last note."""
        stack = StackDir(Path(last.inputs.stack_dir))
        if not stack.root.exists():
            return
        name, _, token = id.rpartition("-")
        users = stack.models / f"{name}.users"
        with stack.locked():
            for mark in users.glob(f"*.{token}*"):  # also what a killed `settle` has not moved into place
                mark.unlink()
            if users.exists() and not any(users.iterdir()):
                users.rmdir()
                shutil.rmtree(stack.models / name, ignore_errors=True)
            remove_if_empty(stack)


def _findings(path: Path, inputs: ArtifactInputs) -> list[Finding]:
    # What reads that of a copy needs neither, and the engine waits for it.
    from seldon_infra.artifacts.judged import judged
    from seldon_infra.artifacts.signed import unsigned

    hostile = judged(path, inputs.server, inputs.trusted) if inputs.server else []
    return hostile + (unsigned(path, Path(inputs.project, inputs.signed_by)) if inputs.signed_by else [])


def _id(inputs: ArtifactInputs, token: str) -> str:
    return f"{stores.folder_name(str(inputs.digest))}-{token[:8]}"


def _folder(inputs: ArtifactInputs) -> Path:
    return Path(inputs.stack_dir) / "models" / stores.folder_name(str(inputs.digest))


def _users(inputs: ArtifactInputs) -> Path:
    folder = _folder(inputs)
    return folder.with_name(f"{folder.name}.users")


def _marks_of(models: Path, owner: str) -> Iterator[Path]:
    """The marks of one declaration."""
    for users in _names(models):
        if users.endswith(".users"):
            yield from (models / users / mark for mark in _names(models / users) if mark.startswith(f"{owner}."))


def _names(folder: Path) -> list[str]:
    """What a folder holds; one that another deletion takes away meanwhile holds nothing."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _marks(inputs: ArtifactInputs, id: str) -> list[Path]:
    """The mark of one artifact among those that use its copy."""
    name, _, token = id.rpartition("-")
    return list((Path(inputs.stack_dir) / "models" / f"{name}.users").glob(f"[!.]*.{token}*"))


def _outputs(inputs: ArtifactInputs) -> ArtifactOutputs:
    return ArtifactOutputs(**dict(inputs), path=str(_folder(inputs)))
