"""Fits an explainer: reference rows and a model become a folder with a card, tried once by the library itself.

The library runs in the environment of the server that will serve the explainer, so this one needs none of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from seldon_infra.artifacts.digest import digest_of
from seldon_infra.artifacts.judged import judged
from seldon_infra.core.errors import InvalidSpec, LimitReached, NotPermitted, SeldonInfraError
from seldon_infra.core.problems import Problem
from seldon_infra.explain.card import CARD, REFERENCE, Card
from seldon_infra.explain.reference import Reference, read_reference
from seldon_infra.graph.spec.explainers import (
    Contrastive,
    Counterfactuals,
    ExplainerMethod,
    IntegratedGradients,
    looks_inside,
)
from seldon_infra.servers import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FIT_SECONDS = 300
"""How long a method may take for its first explanation."""
_SKLEARN = ("model.joblib", "model.pickle", "model.pkl")
_NETWORK = (".keras", ".h5", "saved_model.pb")


class NotFitted(SeldonInfraError):
    """A library does not take the model or the reference rows."""


def fit(
    method: ExplainerMethod,
    *,
    model: Path,
    reference: Path | Reference,
    out: Path,
    output: str | None = None,
    features: Sequence[str] = (),
    classes: Sequence[str] = (),
    categories: Mapping[int, Sequence[str]] | None = None,
    trusted: Sequence[str] = (),
) -> str:
    """Fit an explainer and write its folder; give the digest of the folder.

    Args:
        method: the method with its options.
        model: file or folder of the model that it explains.
        reference: rows that the model may meet, or a file with them.
        out: the explainer's folder; what was there is replaced once the new one is whole.
        output: which of the predictor's outputs is explained. Default: a scikit-learn model's ``predict_proba``.
        features: names of a row's numbers. Default: those of the file, else ``f0``, ``f1``, ….
        classes: names of the answers. Default: those of a scikit-learn model.
        categories: names of values, of those features that are no quantities.
        trusted: names that the model's file may import beside those on the list, as in ``Model``.

    Raises:
        InvalidSpec: the rows or options do not fit together, or the model's file is hostile.
        ModelNotFound: there is no such model or file.
        NotFitted: the library refuses them.
        NotPermitted: what is at ``out`` is no explainer, or cannot be written.
    """
    _is_free(out)
    rows = read_reference(reference) if isinstance(reference, Path) else reference
    names = tuple(features) or rows.features or tuple(f"f{index}" for index in range(rows.width))
    digest, _ = digest_of(model)
    card = Card(
        method=method.model_dump(mode="json"),
        model_digest=digest,
        input=rows.input,
        datatype=rows.datatype,
        output=output,
        features=names,
        categories={index: tuple(values) for index, values in (categories or {}).items()},
        classes=tuple(classes),
        rows=len(rows.rows),
    )
    problems = [*unfit(method, card, rows), *_hostile(method, model, trusted)]
    if problems:
        raise InvalidSpec(problems)
    try:
        _write(method, card, rows, model, out)
    except OSError as error:
        raise NotPermitted(f"{out} cannot be written: {error.strerror or error}; correct the path") from None
    return digest_of(out)[0]


def _is_free(out: Path) -> None:
    """See to it that nothing but an older explainer is replaced."""
    if out.exists() and not (out / CARD).is_file():
        raise NotPermitted(f"{out} is there and is no explainer's folder; name another one, or remove it")


def _write(method: ExplainerMethod, card: Card, rows: Reference, model: Path, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".fitting-") as folder:
        made = Path(folder) / "explainer"
        made.mkdir()
        (made / CARD).write_text(card.model_dump_json(indent=1), encoding="utf-8")
        (made / REFERENCE).write_text(json.dumps(rows.rows), encoding="utf-8")
        _try(method, made, model)
        shutil.rmtree(out, ignore_errors=True)
        made.rename(out)


def unfit(method: ExplainerMethod, card: Card, rows: Reference) -> Iterator[Problem]:
    """Give what does not fit together of a method, names and rows."""
    path = f"explainer {card.kind}"
    if len(card.features) != rows.width:
        fix = "name each number of a row once"
        yield Problem(path, f"{len(card.features)} features", f"must be {rows.width}, as a row has", fix)
    is_text = rows.datatype == "BYTES"
    if is_text != (method.data == "text"):
        want = f"must be {'texts' if method.data == 'text' else 'numbers'} for {card.kind}"
        yield Problem(path, f"reference rows are {'texts' if is_text else 'numbers'}", want, "use the method for them")
    background = getattr(method, "background", 0)
    if background > len(rows.rows):
        yield Problem(path, f"background {background}", f"must be at most the {len(rows.rows)} rows", "lower it")
    shape = getattr(method, "shape", None)
    if shape is not None and _product(shape) != rows.width:
        yield Problem(path, f"shape {list(shape)}", f"must hold the {rows.width} numbers of a row", "correct the shape")
    for index in card.categories:
        if not 0 <= index < len(card.features):
            yield Problem(path, f"categories of feature {index}", "must be of one that rows have", "correct the number")
    if card.categories and isinstance(method, Counterfactuals | Contrastive):
        fix = "leave them out, or use AnchorTabular, which keeps them apart"
        yield Problem(path, "categories", f"must be none for {card.kind}, which moves every number freely", fix)
    if getattr(method, "output", None) == "probability" and not background:
        yield Problem(path, "output 'probability'", "must have background rows", "write background=100")


def _product(sizes: Sequence[int]) -> int:
    whole = 1
    for size in sizes:
        whole *= size
    return whole


def _hostile(method: ExplainerMethod, model: Path, trusted: Sequence[str]) -> Iterator[Problem]:
    """What is tried is loaded, so it is judged first as a server's model is."""
    if loadable(method, model) is not None:
        kind = "tensorflow" if isinstance(method, IntegratedGradients) else "sklearn"
        for finding in judged(model, kind, trusted):
            yield finding.problem("explainer", str(model))


def loadable(method: ExplainerMethod, model: Path) -> Path | None:
    """Give what the method's library can load of a model: scikit-learn's file, or a network."""
    if isinstance(method, IntegratedGradients):
        candidates = [model, *model.glob("*"), *model.glob("*/saved_model.pb")]
        return model if any(file.is_file() and file.name.endswith(_NETWORK) for file in candidates) else None
    candidates = [model] if model.is_file() else [model / name for name in _SKLEARN]
    return next((each for each in candidates if each.name in _SKLEARN and each.is_file()), None)


def _try(method: ExplainerMethod, folder: Path, model: Path) -> None:
    """Let the library make the explainer and explain one row.

    Raises:
        NotFitted: it does not.
        LimitReached: it takes too long.
    """
    file = loadable(method, model)
    if file is None and looks_inside(method):
        kind = type(method).__name__
        wanted = _NETWORK if isinstance(method, IntegratedGradients) else _SKLEARN
        raise NotFitted(f"explainer {kind}: {model} holds none of {', '.join(wanted)}, which it looks into")
    entry = catalogue.load(method.server)
    python = catalogue.environment(entry) / "bin" / "python"
    with tempfile.TemporaryDirectory(prefix="seldon-fit-") as code:
        for name, source in entry.copied.items():
            (Path(code) / name).write_bytes(source.read_bytes())
        told = [str(folder), *([str(file)] if file else [])]
        command = [str(python), "-B", "-W", "ignore", str(Path(code) / "fit.py"), *told]
        try:
            done = subprocess.run(command, timeout=FIT_SECONDS, capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            raise LimitReached(f"explainer {type(method).__name__}: no explanation after {FIT_SECONDS} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise NotFitted(f"explainer {type(method).__name__} cannot be fitted: {last}")
