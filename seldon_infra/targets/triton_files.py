"""Whether a Triton node's files are laid out as Triton reads them: folders of models, of versions, the models' files.

Only names are looked at here; the plugin copies the files, and their digest does not depend on the order of a listing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.spec import TritonServer
from seldon_infra.servers.triton.data import DataFile
from seldon_infra.servers.triton.repository import TritonRepository, model_file, named_versions
from seldon_infra.servers.triton.spec import LatestVersions, TritonEnsemble, TritonModel
from seldon_infra.servers.triton.text import config_pbtxt, read_config_pbtxt, repository_files
from seldon_infra.targets.local_files import models_here

_BESIDE_VERSIONS = ("warmup", "initial_state", "configs")
"""Folders of a model that hold no version."""
_TRAIN = "train the model or correct the path"


def misplaced_files(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each file of a Triton node that is missing, or not where Triton looks for it."""
    for inner, server, uri in models_here(deployment, project):
        folder = project / uri
        if not isinstance(server, TritonServer):
            continue
        if server.repository is not None:
            yield from _repository(inner.path, server.repository, folder)
        elif server.stored is not None:
            yield from _stored(inner.path, server.stored, folder)
        elif server.config is not None:
            yield from _model(inner.path, server.config, folder, inner.node.name)
        elif not (folder / inner.node.name).is_dir():
            fix = f"move them to {inner.node.name}/1, with config.pbtxt beside the 1, or write TritonServer(config=…)"
            got = f"model_uri '{uri}' holds no folder '{inner.node.name}'"
            yield Problem(inner.path, got, "must be a Triton model repository", fix)
        else:
            yield from _version_folders(inner.path, folder / inner.node.name)


def _repository(path: str, repository: TritonRepository, folder: Path) -> Iterator[Problem]:
    for model in repository.models:
        if isinstance(model, TritonModel) and model.name:
            inner = f"{path}{ARROW}{title(model)}"
            if (folder / model.name).is_dir():
                yield from _versions(inner, model, folder / model.name)
            else:
                got = f"{folder / model.name} does not exist"
                yield Problem(inner, got, "must hold the model's version folders", _TRAIN)
        elif isinstance(model, TritonEnsemble):
            yield from _steps(f"{path}{ARROW}{title(model)}", model, repository, folder)


def _steps(path: str, ensemble: TritonEnsemble, repository: TritonRepository, folder: Path) -> Iterator[Problem]:
    """Where a policy takes the versions that are there, a step's version is one of them."""
    models = {model.name: model for model in repository.models if isinstance(model, TritonModel)}
    for step in ensemble.steps:
        model = models.get(step.model)
        if model is None or step.version == -1 or named_versions(model) or not (folder / step.model).is_dir():
            continue
        there = sorted(_numbers(folder / step.model))
        served = there[-model.version_policy.count :] if isinstance(model.version_policy, LatestVersions) else there
        if step.version not in served:
            got = f"step '{step.model}' has version {step.version}"
            want = f"must be one that is served: {', '.join(map(str, served)) or 'none is there'}"
            yield Problem(path, got, want, "remove version, or train it")


def _numbers(folder: Path) -> list[int]:
    return [int(each.name) for each in folder.iterdir() if each.is_dir() and each.name.isdecimal()]


def _stored(path: str, repository: TritonRepository, folder: Path) -> Iterator[Problem]:
    """Look at a repository whose configurations lie in it: they are what the typed values say."""
    yield from _repository(path, repository, folder)
    for place, text in repository_files(repository).items():
        file = folder / place
        if file.name == "config.pbtxt" and _differs(file, text):
            got, fix = f"{file} differs from the typed value", "write what repository_files(…) gives into it"
            yield Problem(path, got, "must say what stored says", fix)


def _differs(file: Path, text: str) -> bool:
    """Tell whether a file says something else, however it is spelt; what cannot be read is said elsewhere."""
    try:
        return config_pbtxt(read_config_pbtxt(file.read_text(encoding="utf-8")), file.parent.name) != text
    except (OSError, UnicodeDecodeError, InvalidSpec):
        return True


def _model(path: str, config: TritonModel, folder: Path, name: str) -> Iterator[Problem]:
    if (folder / name).is_dir():
        yield from _versions(path, config, folder / name)
    else:
        yield from _file(path, config, folder)


def _versions(path: str, model: TritonModel, folder: Path) -> Iterator[Problem]:
    """Look at one model's folder."""
    yield from _version_folders(path, folder)
    there = _numbers(folder)
    wanted = named_versions(model)
    for version in wanted or there:
        if version in there:
            yield from _file(path, model, folder / str(version))
        else:
            got = f"{folder} has no version folder '{version}'"
            yield Problem(path, got, f"must hold the version that is served, {version}", _TRAIN)
    for file in _beside(model):
        if not (folder / file).is_file():
            yield Problem(
                path, f"{folder / file} does not exist", "must be there", "write the file, or remove its name"
            )


def _version_folders(path: str, folder: Path) -> Iterator[Problem]:
    """Triton passes over folders whose names are no numbers, without a word that reaches anybody."""
    found = sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith((".", "_")))
    for name in found:
        if name not in _BESIDE_VERSIONS and not (name.isdecimal() and int(name) > 0 and name == str(int(name))):
            got, want = f"version folder '{name}' in {folder}", "must be called by a number, 1 or more"
            yield Problem(path, got, want, "rename it to '1'")


def _file(path: str, model: TritonModel, folder: Path) -> Iterator[Problem]:
    name = model_file(model)
    there = folder.name if folder.is_file() else None
    if name is None or there == name or (folder / name).exists():
        return
    holds = there or ", ".join(sorted(each.name for each in folder.iterdir())) or "nothing"
    want = f"must hold {name}, which backend '{model.backend}' reads"
    fix = f"rename the model's file to {name}, or write default_model_filename=…"
    yield Problem(path, f"{folder} holds {holds}", want, fix)


def _beside(model: TritonModel) -> list[str]:
    """Files beside a model's version folders that its configuration names."""
    labels = [tensor.label_filename for tensor in model.outputs if tensor.label_filename]
    given = [given.data for warmup in model.warmups for given in warmup.inputs.values()]
    states = model.sequence_batching.states if model.sequence_batching else ()
    first = [initial.data for state in states for initial in state.initial]
    return [
        *labels,
        *(f"warmup/{data.name}" for data in given if isinstance(data, DataFile)),
        *(f"initial_state/{data.name}" for data in first if isinstance(data, DataFile)),
    ]
