"""When a changed process is a new one, and when the one that runs takes the change over."""

from __future__ import annotations

import pytest

from seldon_infra.provider.local.process import Process
from seldon_infra.resources.local_process import Probe, ProcessInputs, Reload

RELOAD = Reload(command=["load"], whole=["/ready"], folder="typed/")
LINKED = ProcessInputs(
    stack_dir="/s",
    name="p",
    command=["serve"],
    files={"serve.py": "1", "typed/m": "1"},
    links={"model": "/a"},
    ready=Probe(),
    reload=RELOAD,
)


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({"links": {"model": "/b"}}, False),
        ({"files": {"serve.py": "1", "typed/m": "2"}}, False),
        ({"files": {"serve.py": "1"}}, False),
        ({"files": {"serve.py": "2", "typed/m": "1"}}, True),
        ({"environment": {"NAME": "x"}}, True),
        ({"links": {}}, True),
        ({"reload": None, "links": {"model": "/b"}}, True),
    ],
)
def test_a_process_that_can_takes_over_what_it_reads_through_links_and_nothing_else(
    change: dict[str, object], replaced: bool
) -> None:
    changed = LINKED.model_copy(update=change)
    assert (set(change) <= Process().replaced_by(LINKED, changed) | {"reload"}) is replaced


def test_a_process_that_reads_its_model_without_a_link_is_a_new_one_for_another() -> None:
    plain = LINKED.model_copy(update={"links": {}})
    changed = plain.model_copy(update={"files": {"serve.py": "1", "typed/m": "2"}})
    assert "files" in Process().replaced_by(plain, changed)
