"""Settings and secrets, as a definition reads them under Pulumi and without it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import pytest

from seldon_infra.core.errors import InvalidSpec, SeldonInfraError
from seldon_infra.core.model import is_later
from seldon_infra.settings import Withheld, config, secret, settings_of
from tests.unit.core.later import Later


def test_under_pulumi_a_secret_is_the_output_that_pulumi_gives() -> None:
    token = Later()
    with settings_of("prod", {}.get, {"token": token}.get):
        assert secret("token") is token


def test_without_pulumi_a_secret_is_a_value_of_later_that_nobody_reads() -> None:
    with settings_of("prod", {"token": "secure"}.get):
        found = secret("token")
    assert isinstance(found, Withheld)
    assert is_later(found)
    assert found.apply(len) is found


@pytest.mark.parametrize("secrets", [None, {}.get])
def test_a_secret_that_is_not_set_is_asked_for(secrets: object) -> None:
    with (
        settings_of("prod", {}.get, secrets),  # type: ignore[arg-type]
        pytest.raises(InvalidSpec, match="pulumi config set --secret token --stack prod"),
    ):
        secret("token")


@pytest.mark.parametrize("read", [lambda: config("token", str), lambda: secret("token")])
def test_a_setting_that_is_asked_for_outside_of_a_stack_is_an_error_in_words(read: Callable[[], object]) -> None:
    with pytest.raises(SeldonInfraError, match="config 'token' is asked for outside of a stack"):
        read()


class Size(StrEnum):
    """Values that a setting may have."""

    SMALL = "small"
    LARGE = "large"


def test_a_setting_of_few_values_is_one_of_them() -> None:
    with settings_of("prod", {"size": "large"}.get):
        assert config("size", Size) is Size.LARGE
        assert config("other", Size, default=Size.SMALL) is Size.SMALL
    with (
        settings_of("prod", {"size": "huge"}.get),
        pytest.raises(InvalidSpec, match="config 'size' is 'huge', must be one of small, large; run: pulumi config"),
    ):
        config("size", Size)
