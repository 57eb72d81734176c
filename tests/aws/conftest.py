"""A scratch project, the shipped plugin, and a loopback AWS behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.account import Account
from tests.aws.loopback.fixtures import empty_account
from tests.aws.moto_server import moto_server
from tests.engine.scratch import scratch_engine


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of a moto server."""
    with moto_server() as address:
        yield f"http://{address}"


@pytest.fixture
def account(moto: str, tmp_path: Path) -> Iterator[Account]:
    """An empty account and an empty stack."""
    with empty_account(moto.removeprefix("http://")) as aws:
        yield Account(scratch_engine(tmp_path), aws)


@pytest.fixture(scope="module")
def shared_account(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """One account and stack for all the tests of a module."""
    with empty_account(moto.removeprefix("http://")) as aws:
        yield Account(scratch_engine(tmp_path_factory.mktemp("account")), aws)
