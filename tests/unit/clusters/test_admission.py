"""How long an object is asked about: until the API server judges it, whatever the judgement is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from seldon_infra.clusters import admission
from seldon_infra.core.errors import LimitReached

MANIFEST = {"apiVersion": "a.example.com/v1", "kind": "Thing", "metadata": {"name": "t", "namespace": "n"}}


class Answers:
    """A cluster that gives one answer after the other, the last one again and again."""

    name = "test"

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, str, Any]]()

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, str]:
        """Give the next answer."""
        self.asked.append((method, path, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def ask(cluster: Answers, manifest: Mapping[str, Any] = MANIFEST) -> None:
    admission.judged(cluster, manifest, sleep=lambda seconds: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("judgement", [(201, ""), (400, "denied the request"), (403, "forbidden")])
def test_a_refusal_is_a_judgement_too(judgement: tuple[int, str]) -> None:
    cluster = Answers((404, "no such kind"), (500, "failed calling webhook"), judgement)
    ask(cluster)
    assert len(cluster.asked) == 3


def test_nothing_is_made_by_the_question() -> None:
    cluster = Answers((201, ""))
    ask(cluster)
    assert cluster.asked == [("POST", "/apis/a.example.com/v1/namespaces/n/things?dryRun=All", MANIFEST)]


def test_what_comes_later_is_no_hindrance() -> None:
    class Later:
        def apply(self, function: object) -> Later:
            return self

    cluster = Answers((201, ""))
    ask(cluster, {**MANIFEST, "spec": {"secret": Later()}})
    assert cluster.asked[0][2]["spec"] == {"secret": "later"}


def test_an_endless_wait_ends_with_what_was_said_last(monkeypatch: pytest.MonkeyPatch) -> None:
    clock: Iterator[float] = iter(range(0, 10_000, 100))
    monkeypatch.setattr(admission.time, "monotonic", lambda: next(clock))
    with pytest.raises(LimitReached, match="took no Thing for 180 s: failed calling webhook; look at the pods"):
        ask(Answers((500, "failed calling webhook")))
