"""Reading what another version of the library may have written: its fields come and go, and a listing must survive."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


def known_fields(kind: type[Any], raw: Any) -> dict[str, Any]:
    """What of ``raw`` a dataclass takes: fields of a later version are passed over, those not written keep defaults.

    Raises:
        TypeError: ``raw`` is no object at all.
    """
    return {field.name: raw[field.name] for field in fields(kind) if field.name in raw}
