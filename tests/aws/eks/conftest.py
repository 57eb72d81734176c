"""A stack of EKS resources, an account for it, and what a cluster needs around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.account import REPOSITORY
from tests.aws.eks.account import Account
from tests.aws.loopback import Loopback
from tests.aws.loopback.fixtures import Surroundings, around, empty_account, loopback, moto_address, surroundings
from tests.engine.scratch import ENVIRONMENT, scratch_engine

__all__ = ["around", "loopback", "moto_address"]


@pytest.fixture
def account(loopback: Loopback, around: Surroundings, tmp_path: Path) -> Account:
    """An empty stack over an account with a network and roles."""
    return new_account(loopback, around, tmp_path)


def new_account(aws: Loopback, around: Surroundings, folder: Path) -> Account:
    """An empty stack whose plugin talks to this AWS."""
    engine = scratch_engine(folder)
    engine.environment |= {**aws.environment, "SELDON_INFRA_CACHE": str(folder / "cache")}
    engine.environment["PYTHONPATH"] = str(REPOSITORY)
    engine.use_plugin("seldon", ENVIRONMENT / "bin")
    base = {
        "EksCluster": {
            "name": "c",
            "version": "1.32",
            "role_arn": around.cluster_role,
            "subnet_ids": around.subnets[:2],
        },
        "EksNodegroup": {
            "cluster_name": "c",
            "node_role_arn": around.node_role,
            "subnet_ids": around.subnets[:2],
            "min_size": 1,
            "max_size": 3,
        },
        "EksAddon": {"cluster_name": "c"},
        "EksAccessEntry": {"cluster_name": "c"},
        "EksPodIdentityAssociation": {"cluster_name": "c", "namespace": "models", "role_arn": around.pod_role},
    }
    return Account(engine, aws, base)


@pytest.fixture(scope="module")
def long_account(moto_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Account, Surroundings]]:
    """One account for all the tests of a module, that follow the life of many resources together."""
    with empty_account(moto_address) as aws:
        around = surroundings(aws)
        yield new_account(aws, around, tmp_path_factory.mktemp("account")), around
