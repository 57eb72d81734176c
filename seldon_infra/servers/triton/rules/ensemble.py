"""Rules about the graph of an ensemble: every tensor comes from somewhere, goes somewhere and fits at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.servers.triton.repository import named_versions
from seldon_infra.servers.triton.rules.place import At, meant
from seldon_infra.servers.triton.spec import EnsembleStep, TritonEnsemble, TritonModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seldon_infra.servers.triton.repository import TritonRepository
    from seldon_infra.servers.triton.tensors import Tensor

_ITSELF = "the ensemble"


@dataclass(frozen=True)
class _End:
    """One end of an edge: whose tensor it is, and what it is there."""

    owner: str
    tensor: Tensor | None
    batched: bool
    dims: Sequence[int]

    @property
    def whole(self) -> list[int]:
        """The shape with its batch dimension."""
        return [*([-1] if self.batched else []), *self.dims]


def ensemble(at: At[TritonEnsemble], repository: TritonRepository) -> Iterator[Problem]:
    """Look at an ensemble's steps and edges, with the models that they name."""
    if not at.model.steps:
        yield at.wrong("steps is empty", "must name at least one model", "write steps=[EnsembleStep(model=…)]")
        return
    models = {model.name: model for model in repository.models if model.name}
    for index, step in enumerate(at.model.steps):
        model = models.get(step.model)
        path = _step_path(at, index)
        if model is None or model is at.model:
            names = [str(name) for name in models if name != at.model.name]
            got = f"model '{step.model}'"
            yield Problem(path, got, "must be another model of the repository", meant(step.model, names))
        else:
            yield from _step(at, path, step, model)
    yield from _tensors(at, models)
    yield from _order(at, models)


def _step_path(at: At[TritonEnsemble], index: int) -> str:
    step = at.model.steps[index]
    twice = sum(other.model == step.model for other in at.model.steps) > 1
    return f"{at.path}{ARROW}step '{step.model}'" + (f" ({index + 1} of {len(at.model.steps)})" if twice else "")


def _step(
    at: At[TritonEnsemble], path: str, step: EnsembleStep, model: TritonModel | TritonEnsemble
) -> Iterator[Problem]:
    """A step feeds its model all that it takes, in batches and versions that it has."""
    inputs, outputs = ([it.name for it in all] for all in (model.inputs, model.outputs))
    for field, given, known in (("inputs", step.inputs, inputs), ("outputs", step.outputs, outputs)):
        for name in given:
            if name not in known:
                got, want = f"{field}['{name}']", f"must be one of the {field} of '{step.model}'"
                yield Problem(path, got, want, meant(name, known))
    for tensor in model.inputs:
        if tensor.name not in step.inputs and not tensor.optional:
            got, want = f"inputs lacks '{tensor.name}'", f"must feed every input of '{step.model}'"
            yield Problem(path, got, want, f"write inputs={{'{tensor.name}': …}}")
    if 0 < model.max_batch_size < at.model.max_batch_size:
        got = f"'{step.model}' has max_batch_size {model.max_batch_size}, the ensemble {at.model.max_batch_size}"
        yield Problem(
            path, got, "must be at least the ensemble's", f"write max_batch_size={model.max_batch_size} in the ensemble"
        )
    versions = named_versions(model)
    if step.version != -1 and (step.version < 1 or (versions and step.version not in versions)):
        want = "must be -1, or one that is served" + (f": {', '.join(map(str, versions))}" if versions else "")
        yield Problem(path, f"version {step.version}", want, "remove version")


def _tensors(at: At[TritonEnsemble], models: Mapping[str, TritonModel | TritonEnsemble]) -> Iterator[Problem]:
    """A tensor has one source, at least one use, and is the same at all its ends."""
    sources, uses = _sources(at, models), _uses(at, models)
    for name, ends in sources.items():
        if len(ends) > 1:
            got = f"tensor '{name}' comes from {' and '.join(end.owner for end in ends)}"
            yield at.wrong(got, "must come from one", "rename one of them in outputs of a step")
        if name not in uses:
            got = f"tensor '{name}' of {ends[0].owner} is not used"
            yield at.wrong(got, "must go into a step or be an output", f"remove '{name}', or use it")
        for use in uses.get(name, ()):
            yield from _edge(at, name, ends[0], use)
    for name, ends in uses.items():
        if name not in sources:
            got, fix = f"tensor '{name}' of {ends[0].owner} comes from nowhere", meant(name, sorted(sources))
            yield at.wrong(got, "must be an input or come from a step", fix)


def _sources(at: At[TritonEnsemble], models: Mapping[str, TritonModel | TritonEnsemble]) -> dict[str, list[_End]]:
    found = {it.name: [_own(at.model, it)] for it in at.model.inputs}
    for step in at.model.steps:
        for inner, name in step.outputs.items():
            found.setdefault(name, []).append(_of_step(step, inner, models, "outputs"))
    return found


def _uses(at: At[TritonEnsemble], models: Mapping[str, TritonModel | TritonEnsemble]) -> dict[str, list[_End]]:
    found: dict[str, list[_End]] = {}
    for step in at.model.steps:
        for inner, name in step.inputs.items():
            found.setdefault(name, []).append(_of_step(step, inner, models, "inputs"))
    for it in at.model.outputs:
        found.setdefault(it.name, []).append(_own(at.model, it))
    return found


def _own(model: TritonEnsemble, tensor: Tensor) -> _End:
    return _End(_ITSELF, tensor, model.max_batch_size > 0, tensor.dims if tensor.reshape is None else tensor.reshape)


def _of_step(step: EnsembleStep, inner: str, models: Mapping[str, TritonModel | TritonEnsemble], side: str) -> _End:
    model = models.get(step.model)
    tensors: Sequence[Tensor] = getattr(model, side) if model else ()
    tensor = next((it for it in tensors if it.name == inner), None)
    batched = model is not None and model.max_batch_size > 0
    return _End(f"step '{step.model}'", tensor, batched, tensor.dims if tensor else ())


def _edge(at: At[TritonEnsemble], name: str, source: _End, use: _End) -> Iterator[Problem]:
    there, wanted = source.tensor, use.tensor
    if there is None or wanted is None:
        return  # it is said already that the model has no such tensor
    if there.dtype != wanted.dtype:
        got = f"tensor '{name}' is {there.dtype} from {source.owner} and {wanted.dtype} in {use.owner}"
        yield at.wrong(got, "must be of one type", f"make {source.owner} give {wanted.dtype}")
    if not _alike(source.dims, use.dims) and not _alike(source.whole, use.whole):
        got = f"tensor '{name}' is {source.whole} from {source.owner} and {use.whole} in {use.owner}"
        yield at.wrong(got, "must have one shape", f"make {source.owner} give {use.whole}")


def _alike(one: Sequence[int], other: Sequence[int]) -> bool:
    return len(one) == len(other) and all(a == b or -1 in (a, b) for a, b in zip(one, other, strict=True))


def _order(at: At[TritonEnsemble], models: Mapping[str, TritonModel | TritonEnsemble]) -> Iterator[Problem]:
    """Steps that wait for each other never run, and answers of several streams never come in pairs."""
    streams = dict.fromkeys((it.name for it in at.model.inputs), "")
    ever = streams.keys() | {name for step in at.model.steps for name in step.outputs.values()}
    waiting = list(at.model.steps)
    while ready := [step for step in waiting if streams.keys() >= ever.intersection(step.inputs.values())]:
        for step in ready:
            taken = {streams[name] for name in step.inputs.values() if name in streams}
            yield from _one_stream(at, f"step '{step.model}'", taken)
            decoupled = getattr(models.get(step.model), "decoupled", False)
            own = f"'{step.model}', step {at.model.steps.index(step) + 1}" if decoupled else max(taken, default="")
            streams.update(dict.fromkeys(step.outputs.values(), own))
        waiting = [step for step in waiting if step not in ready]
    if waiting:
        names = ", ".join(f"'{step.model}'" for step in waiting)
        got = f"steps {names} wait for each other" if len(waiting) > 1 else f"step {names} waits for itself"
        yield at.wrong(got, "must run one after the other", "take one tensor of theirs from an input instead")
    yield from _one_stream(at, _ITSELF, {streams[it.name] for it in at.model.outputs if it.name in streams})


def _one_stream(at: At[TritonEnsemble], owner: str, streams: set[str]) -> Iterator[Problem]:
    """A decoupled model gives as many answers as it likes, so they go with no other's."""
    if len(streams) > 1:
        names = " and ".join(name or "the request" for name in sorted(streams))
        got, want = f"{owner} takes tensors of {names}", "must take those of one decoupled model, or of none"
        yield at.wrong(got, want, "let each tensor pass through the decoupled model")
