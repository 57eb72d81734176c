"""One row for each rule about an ensemble's graph and a repository: what breaks it, what is said, and what keeps it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from seldon_infra.servers.triton.check import repository_problems
from seldon_infra.triton import EnsembleStep, Tensor, TritonEnsemble, TritonModel, TritonRepository

X = Tensor(name="x", dtype="FP32", dims=[3])
Y = Tensor(name="y", dtype="FP32", dims=[3])
Z = Tensor(name="z", dtype="INT64", dims=[1])


class Row(NamedTuple):
    """A rule: what breaks it, what is said, and the nearest neighbour that keeps it."""

    wrong: TritonRepository
    said: str
    right: TritonRepository


def model(**fields: Any) -> TritonModel:
    return TritonModel(**{"name": "m", "inputs": [X], "outputs": [Y], "max_batch_size": 8, **fields})


SCALE = model(name="scale")
PICK = model(name="pick", inputs=[Y], outputs=[Z])
FIRST = EnsembleStep(model="scale", inputs={"x": "x"}, outputs={"y": "scaled"})
THEN = EnsembleStep(model="pick", inputs={"y": "scaled"}, outputs={"z": "z"})


def ensemble(*steps: EnsembleStep, more: Any = (), **fields: Any) -> TritonRepository:
    made = TritonEnsemble(
        **{
            "name": "both",
            "inputs": [X],
            "outputs": [Z],
            "max_batch_size": 8,
            "steps": steps or [FIRST, THEN],
            **fields,
        }
    )
    return TritonRepository(models=[SCALE, PICK, *more, made])


def step(**fields: Any) -> TritonRepository:
    """The ensemble, with a second step that differs."""
    return ensemble(
        FIRST, EnsembleStep(**{"model": "pick", "inputs": {"y": "scaled"}, "outputs": {"z": "z"}, **fields})
    )


def other(**fields: Any) -> TritonRepository:
    """The ensemble, with a second model that differs."""
    return TritonRepository(models=[SCALE, PICK.model_copy(update=fields), ensemble().models[-1]])


def circle(inner: str) -> TritonRepository:
    """Two ensembles, of which the outer one holds the inner one."""
    steps = [EnsembleStep(model=inner, inputs={"x": "x"}, outputs={"y": "y"})]
    made = TritonEnsemble(name="inner", inputs=[X], outputs=[Y], steps=steps, max_batch_size=8)
    outer = [EnsembleStep(model="inner", inputs={"x": "x"}, outputs={"y": "scaled"}), THEN]
    return ensemble(*outer, more=[made])


def streams(second: str) -> TritonRepository:
    """An ensemble whose last step takes what a decoupled model gives, and a second tensor."""
    many = model(name="many", decoupled=True)
    add = model(name="add", inputs=[X, Tensor(name="w", dtype="FP32", dims=[3])])
    steps = [
        EnsembleStep(model="many", inputs={"x": "x"}, outputs={"y": "streamed"}),
        EnsembleStep(model="add", inputs={"x": "streamed", "w": second}, outputs={"y": "y"}),
    ]
    return ensemble(*steps, more=[many, add], outputs=[Y])


ENSEMBLES = {
    "a repository holds something": Row(TritonRepository(models=[]), "repository.models is empty", ensemble()),
    "a model's name comes once": Row(
        ensemble(more=[SCALE]), "repository.models names 'scale' twice, must be unique", ensemble()
    ),
    "a model has a name": Row(
        ensemble(more=[model(name=None)]), "name None of a model in repository.models", ensemble(more=[model()])
    ),
    "a name is a folder's": Row(
        ensemble(more=[model(name="a/b")]), "name 'a/b' of a model in repository.models", ensemble(more=[model()])
    ),
    "each model keeps its rules": Row(
        other(max_batch_size=-1), "Triton model 'pick': max_batch_size -1, must be 0 or more", ensemble()
    ),
    "an ensemble has steps": Row(ensemble(steps=[]), "steps is empty, must name at least one model", ensemble()),
    "a step's model is in the repository": Row(
        step(model="pik"), "step 'pik': model 'pik', must be another model of the repository; write pick", step()
    ),
    "a step takes what its model has": Row(
        step(inputs={"y": "scaled", "q": "x"}), "step 'pick': inputs['q'], must be one of the inputs of 'pick'", step()
    ),
    "a step gives what its model has": Row(
        step(outputs={"q": "z"}), "step 'pick': outputs['q'], must be one of the outputs of 'pick'", step()
    ),
    "every input is fed": Row(
        step(inputs={}), "step 'pick': inputs lacks 'y', must feed every input of 'pick'", step()
    ),
    "a batch fits every model": Row(
        other(max_batch_size=4),
        "step 'pick': 'pick' has max_batch_size 4, the ensemble 8, must be at least the ensemble's",
        other(max_batch_size=16),
    ),
    "a step's version is served": Row(
        step(version=2), "step 'pick': version 2, must be -1, or one that is served: 1", step(version=1)
    ),
    "a tensor comes from one step": Row(
        ensemble(FIRST, FIRST, THEN),
        "tensor 'scaled' comes from step 'scale' and step 'scale', must come from one",
        ensemble(),
    ),
    "a tensor goes somewhere": Row(
        ensemble(inputs=[X, Tensor(name="w", dtype="FP32", dims=[1])]),
        "tensor 'w' of the ensemble is not used, must go into a step or be an output",
        ensemble(),
    ),
    "a tensor comes from somewhere": Row(
        step(inputs={"y": "scald"}), "tensor 'scald' of step 'pick' comes from nowhere", step()
    ),
    "every output is made": Row(
        step(outputs={}), "tensor 'z' of the ensemble comes from nowhere, must be an input or come from a step", step()
    ),
    "a tensor has one type": Row(
        other(inputs=[Tensor(name="y", dtype="INT64", dims=[3])]),
        "tensor 'scaled' is FP32 from step 'scale' and INT64 in step 'pick', must be of one type",
        other(inputs=[Y]),
    ),
    "a tensor has one shape": Row(
        other(inputs=[Tensor(name="y", dtype="FP32", dims=[4])]),
        "tensor 'scaled' is [-1, 3] from step 'scale' and [-1, 4] in step 'pick', must have one shape",
        other(inputs=[Tensor(name="y", dtype="FP32", dims=[-1])]),
    ),
    "a model without batches may take the whole shape": Row(
        other(inputs=[Tensor(name="y", dtype="FP32", dims=[3, 3, 3])], max_batch_size=0),
        "tensor 'scaled' is [-1, 3] from step 'scale' and [3, 3, 3] in step 'pick'",
        other(
            inputs=[Tensor(name="y", dtype="FP32", dims=[-1, 3])],
            outputs=[Tensor(name="z", dtype="INT64", dims=[-1, 1])],
            max_batch_size=0,
        ),
    ),
    "an output is what its step gives": Row(
        ensemble(outputs=[Tensor(name="z", dtype="FP32", dims=[1])]),
        "tensor 'z' is INT64 from step 'pick' and FP32 in the ensemble, must be of one type",
        ensemble(),
    ),
    "steps do not wait for each other": Row(
        ensemble(
            EnsembleStep(model="scale", inputs={"x": "a"}, outputs={"y": "b"}),
            EnsembleStep(model="scale", inputs={"x": "b"}, outputs={"y": "a"}),
            FIRST,
            THEN,
        ),
        "steps 'scale', 'scale' wait for each other, must run one after the other",
        ensemble(),
    ),
    "answers of a decoupled model go with no other's": Row(
        streams("x"),
        "step 'add' takes tensors of the request and 'many', step 1, must take those of one decoupled model",
        streams("streamed"),
    ),
    "ensembles do not hold each other": Row(
        circle("both"), "ensembles both, inner hold each other, must end in models", circle("scale")
    ),
}


@pytest.mark.parametrize("row", ENSEMBLES.values(), ids=ENSEMBLES)
def test_a_rule_says_what_is_wrong_with_a_graph_and_nothing_about_what_is_right(row: Row) -> None:
    said = [str(problem) for problem in repository_problems("repository", row.wrong)]
    assert any(row.said in line for line in said), said
    assert list(repository_problems("repository", row.right)) == []
