"""Pulumi's YAML files, `Pulumi.yaml` and `Pulumi.<stack>.yaml`, read with an error that leads to the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.errors import SeldonInfraError

if TYPE_CHECKING:
    from pathlib import Path


class BrokenSettings(SeldonInfraError):
    """A file of settings cannot be read."""


def read_settings(file: Path) -> dict[str, object]:
    """Read a file of settings; one that is not there, or holds nothing, has none.

    Raises:
        BrokenSettings: it may not be read, or is no YAML of names and values.
    """
    import yaml

    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None
    except OSError as error:
        raise BrokenSettings(f"{file} cannot be read: {error.strerror}; let its owner read it") from None
    except UnicodeDecodeError as error:
        raise BrokenSettings(f"{file} is no text in UTF-8: {error.reason}; write it anew") from None
    except yaml.YAMLError as error:
        raise BrokenSettings(f"{file}{_place(error)}; mend the YAML there") from None
    if not isinstance(found, dict | None):
        raise BrokenSettings(f"{file} holds a {type(found).__name__}, must hold names and values: `name: value`")
    return found or {}


def _place(error: Exception) -> str:
    """Say the line, as far as the reader knows it, and what is wrong there."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None:
        return f": {str(error).splitlines()[0]}"
    return f", line {mark.line + 1}, column {mark.column + 1}: {problem}"
