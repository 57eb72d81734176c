"""Settings of one environment: the values of ``Pulumi.<stack>.yaml``, typed.

A definition reads a setting with :func:`config`, and gets the same value whether Pulumi runs it or the command line
reads it for ``render`` and ``graph``. It takes a secret with :func:`secret`, which stays a secret of Pulumi's; the
command line only sees that it is set.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from seldon_infra.core.errors import InvalidSpec, SeldonInfraError
from seldon_infra.core.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pulumi

T = TypeVar("T")


@dataclass(frozen=True)
class _Settings:
    stack: str
    read: Callable[[str], str | None]
    secret: Callable[[str], object | None]


class Withheld:
    """A secret outside of Pulumi: it is set, and nobody reads it; a value of later for everybody who asks."""

    def apply(self, function: object) -> Withheld:
        """Stay withheld, whatever would be made of it."""
        return self


_settings: ContextVar[_Settings] = ContextVar("settings")


@contextmanager
def settings_of(
    stack: str, read: Callable[[str], str | None], secret: Callable[[str], object | None] | None = None
) -> Iterator[None]:
    """Answer :func:`config` and :func:`secret` for ``stack`` inside the block.

    Args:
        stack: whose settings they are.
        read: gives a setting's text or None.
        secret: gives a secret as an Output or None; by default it is withheld where ``read`` finds anything.
    """

    def withheld(name: str) -> Withheld | None:
        return None if read(name) is None else Withheld()

    token = _settings.set(_Settings(stack, read, secret or withheld))
    try:
        yield
    finally:
        _settings.reset(token)


def config(name: str, kind: type[T], *, default: T | None = None) -> T:
    """Read one setting of the current stack.

    Args:
        name: the setting's name, without the project's: ``gatewayPort``.
        kind: the type it must have: ``str``, ``int``, ``float``, ``bool``, a list of these, or a ``StrEnum`` of
            the values that it may have.
        default: what an unset setting gives; None makes the setting compulsory.

    Raises:
        InvalidSpec: the setting is not set and has no default, or is not of the type.
        SeldonInfraError: no stack is being read.
    """
    settings = _of_stack(name)
    text = settings.read(name)
    if text is None:
        if default is None:
            raise InvalidSpec([_unset(settings.stack, name, f"{name} VALUE")])
        return default
    try:
        adapter = TypeAdapter(kind)
        is_text = isinstance(kind, type) and issubclass(kind, str)
        return adapter.validate_python(text) if is_text else adapter.validate_json(text)
    except ValidationError:
        raise InvalidSpec([_wrong(settings.stack, name, text, kind)]) from None


def secret(name: str) -> pulumi.Output[str]:
    """Take one secret setting of the current stack; Pulumi keeps it a secret wherever it goes.

    Args:
        name: the setting's name, without the project's: ``brokerPassword``.

    Raises:
        InvalidSpec: the secret is not set.
        SeldonInfraError: no stack is being read.
    """
    settings = _of_stack(name)
    found = settings.secret(name)
    if found is None:
        raise InvalidSpec([_unset(settings.stack, name, f"--secret {name}")])
    return cast("pulumi.Output[str]", found)


def _of_stack(name: str) -> _Settings:
    settings = _settings.get(None)
    if settings is None:
        raise SeldonInfraError(
            f"config '{name}' is asked for outside of a stack; run: pulumi preview --stack STACK, "
            "or read the definition with load_stack() or settings_of()"
        )
    return settings


def _unset(stack: str, name: str, words: str) -> Problem:
    return Problem(
        path=f"stack '{stack}'",
        got=f"config '{name}' is not set",
        want="must be set",
        fix=f"run: pulumi config set {words} --stack {stack}",
    )


def _values(kind: type[object]) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(each.value) for each in kind)}"
    return f"a value of type {kind.__name__}"


def _wrong(stack: str, name: str, text: str, kind: type[object]) -> Problem:
    return Problem(
        path=f"stack '{stack}'",
        got=f"config '{name}' is '{text}'",
        want=f"must be {_values(kind)}",
        fix=f"run: pulumi config set {name} VALUE --stack {stack}",
    )
