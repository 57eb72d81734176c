"""A stack that makes its own cluster, from an empty account to an empty account."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws.account import Account
from tests.aws.stack.project import Project, prepare

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(900)]

GPU = "SYSTEM, GpuNodes(name='gpu', instance_types=('g6.xlarge',), scaling=Scaling(maximum={most})),"


@pytest.fixture
def project(account: Account, tmp_path: Path) -> Project:
    return prepare(account, tmp_path)


def test_a_cluster_comes_grows_is_upgraded_and_goes(project: Project) -> None:
    engine, aws = project.account.engine, project.account.aws
    project.declare(cluster="deletion_protection=False,")
    plan = project.plan()
    print(plan)
    assert set(plan.values()) == {"create"}
    assert aws.changes() == []
    engine.up()
    print(engine.outputs())
    print(project.inventory())
    assert project.plan() == {}
    project.declare(cluster="deletion_protection=False,", groups=GPU.format(most=3))
    print(project.plan())
    engine.up()
    project.declare(cluster="deletion_protection=False,", groups=GPU.format(most=5))
    print(project.plan())
    engine.up()
    project.declare(cluster="deletion_protection=False,", groups=GPU.format(most=5), version="1.34")
    print(project.plan())
    engine.up()
    print(project.plan())
    engine.destroy()
    assert project.inventory() == {}
