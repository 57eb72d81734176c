"""A change goes live without a failed request; one that cannot go live leaves the old version serving."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from google.protobuf import json_format

from seldon_infra.runtime.messages import message
from tests.engine.waiting import wait_until
from tests.local.project import NUMBERS, PREDICT, Project, model, new_project, predictor
from tests.local.scene import Load, grpc_load, load

pytestmark = [pytest.mark.engine, pytest.mark.local]
BODY = json.dumps(NUMBERS).encode()
MESSAGE = json_format.ParseDict(NUMBERS, message("seldon.protos.SeldonMessage")()).SerializeToString()


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        made.define(predictor())
        made.engine.up()
        yield made


def under_load(project: Project, change: Callable[[], None]) -> tuple[Load, Load]:
    """Apply a change while requests come in, over REST and over gRPC."""
    change()
    with (
        load(project.port, PREDICT, per_second=40, body=BODY) as rest,
        grpc_load(project.port, "seldon.protos.Seldon/Predict", per_second=40, body=MESSAGE) as called,
    ):
        project.engine.up()
    return rest, called


WITH_SETTING = model().removesuffix(")") + ", env=(EnvVar(name='A', value='b'),))"
BETWEEN = f"OutputTransformer(name='same', server=PythonServer(source='same.py', class_name='Same'), child={model()})"
CHANGES: dict[str, tuple[Callable[[Project], None], float]] = {
    "a changed model": (lambda project: project.write_class(2), 2),
    "a changed setting": (lambda project: project.define(predictor(graph=WITH_SETTING)), 2),
    "a changed graph": (lambda project: project.define(predictor(graph=BETWEEN)), 2),
    "a canary": (lambda project: project.define(predictor(traffic=60), predictor("canary", traffic=40)), 2),
    "other weights": (lambda project: project.define(predictor(traffic=10), predictor("canary", traffic=90)), 2),
    "the canary alone": (lambda project: project.define(predictor("canary")), 2),
    "a shadow": (lambda project: project.define(predictor(), predictor("copy", shadow=True)), 2),
    "the first predictor again": (lambda project: project.define(predictor()), 2),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_goes_live_with_no_failed_request(project: Project, name: str) -> None:
    (project.folder / "same.py").write_text(
        "class Same:\n    def transform_output(self, rows, names):\n        return rows\n"
    )
    change, version = CHANGES[name]
    rest, called = under_load(project, lambda: change(project))
    assert rest.failed == 0, rest.answers
    assert called.failed == 0, called.answers
    assert project.version() == version
    assert {each["type"] for each in project.engine.resources() if each.get("delete")} == set()


def test_traffic_is_split_by_the_weights(project: Project) -> None:
    project.define(predictor(traffic=70), predictor("canary", traffic=30))
    project.engine.up()
    took = sum(project.ask().predictor == "canary" for _ in range(400))
    assert 70 <= took <= 170  # 120 expected, five standard deviations are 46


NO_CLASS = "class Other:\n    pass\n"
IN_CONSTRUCTOR = "class Version:\n    def __init__(self):\n        raise ValueError('no weights')\n"
NEVER_READY = "import time\nclass Version:\n    def load(self):\n        time.sleep(600)\n"
BROKEN = {
    "raises at import": ("raise RuntimeError('the model file is broken')\n", "the model file is broken"),
    "is no Python": ("class Version\n", "SyntaxError"),
    "has no such class": (NO_CLASS, "Version"),
    "raises in its constructor": (IN_CONSTRUCTOR, "no weights"),
    "ends the process": ("import os\nprint('so long', flush=True)\nos._exit(3)\n", "so long"),
    "never becomes ready": (NEVER_READY, "was not ready within 8 s"),
}
"""Row 54: what a broken model's file may hold, and what the user is told."""


@pytest.mark.parametrize("name", BROKEN)
def test_a_version_that_never_becomes_ready_leaves_the_old_one_serving(project: Project, name: str) -> None:
    _serve(project, 2)
    text, words = BROKEN[name]
    (project.folder / "version.py").write_text(text)
    if text == NEVER_READY:  # the others have all the time that a busy machine takes to say why
        project.define(predictor(), target="Local(ready_timeout_seconds=8)")
    failed, seen = _fails_under_load(project)
    assert "process 'd.main.version'" in failed
    assert words in failed
    assert seen.failed == 0, seen.answers
    assert project.version() == 2
    assert sorted(project.pids()) == ["d.main", "d.main.version", "gateway"]  # what failed is gone


def test_a_canary_that_never_becomes_ready_gets_no_request(project: Project) -> None:
    """Row 42: it has no part in the traffic, and the old version has all of it."""
    _serve(project, 2)
    (project.folder / "broken.py").write_text("raise RuntimeError('the canary is broken')\n")
    broken = "Model(name='broken', server=PythonServer(source='broken.py', class_name='Version'))"
    project.define(predictor(traffic=50), predictor("canary", broken, traffic=50))
    failed, seen = _fails_under_load(project)
    assert "the canary is broken" in failed
    assert seen.failed == 0, seen.answers
    assert {project.ask().predictor for _ in range(50)} == {"main"}


def _serve(project: Project, version: int) -> None:
    project.write_class(version)
    project.define(predictor())
    project.engine.up()


def _fails_under_load(project: Project) -> tuple[str, Load]:
    """An `up` that must fail: what it says, and what requests got meanwhile."""
    with load(project.port, PREDICT, per_second=40, body=BODY) as seen:
        failed = project.engine.up(check=False)
    assert failed.returncode != 0
    return failed.stdout + failed.stderr, seen


def test_a_version_that_ends_at_its_first_request_says_so_to_whoever_asks(project: Project) -> None:
    """It is ready as any other; one that raises there is among the orchestrator's tests."""
    ends = "import os\nclass Version:\n    def predict(self, rows, names):\n        os._exit(3)\n"
    (project.folder / "version.py").write_text(ends)
    project.define(predictor())
    project.engine.up()
    answer = project.ask()
    assert answer.status >= 500
    assert b"version" in answer.body, answer.body
    # The next one finds a process that is there, whatever became of the first.
    wait_until(lambda: "d.main.version" in project.pids())
    assert project.ask().status >= 500


def test_after_a_broken_version_a_good_one_goes_live(project: Project) -> None:
    _serve(project, 3)
    assert project.version() == 3
    assert sorted(project.pids()) == ["d.main", "d.main.version", "gateway"]  # what failed is gone
