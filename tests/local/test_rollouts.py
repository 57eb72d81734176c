"""A change goes live without a failed request; one that cannot go live leaves the old version serving."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.local.project import NUMBERS, PREDICT, Project, model, new_project, predictor
from tests.local.scene import Load, load

pytestmark = [pytest.mark.engine, pytest.mark.local]
BODY = json.dumps(NUMBERS).encode()


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        made.define(predictor())
        made.engine.up()
        yield made


def under_load(project: Project, change: Callable[[], None]) -> Load:
    """Apply a change while requests come in."""
    change()
    with load(project.port, PREDICT, per_second=40, body=BODY) as seen:
        project.engine.up()
    return seen


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
    seen = under_load(project, lambda: change(project))
    assert seen.failed == 0, seen.answers
    assert project.version() == version
    assert {each["type"] for each in project.engine.resources() if each.get("delete")} == set()


def test_traffic_is_split_by_the_weights(project: Project) -> None:
    project.define(predictor(traffic=70), predictor("canary", traffic=30))
    project.engine.up()
    took = sum(project.ask().predictor == "canary" for _ in range(400))
    assert 70 <= took <= 170  # 120 expected, five standard deviations are 46


def test_a_version_that_never_becomes_ready_leaves_the_old_one_serving(project: Project) -> None:
    project.write_class(2)
    project.define(predictor())
    project.engine.up()
    (project.folder / "version.py").write_text("raise RuntimeError('the model file is broken')\n")
    with load(project.port, PREDICT, per_second=40, body=BODY) as seen:
        failed = project.engine.up(check=False)
    assert failed.returncode != 0
    said = failed.stdout + failed.stderr
    assert "process 'd.main.version' exits at start" in said
    assert "the model file is broken" in said
    assert seen.failed == 0, seen.answers
    assert project.version() == 2
    project.write_class(3)
    project.engine.up()
    assert project.version() == 3
    assert sorted(project.pids()) == ["d.main", "d.main.version", "gateway"]  # what failed is gone
