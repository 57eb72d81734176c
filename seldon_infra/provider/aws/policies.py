"""Policy documents: whether two mean the same, however AWS writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_LISTS = frozenset({"Action", "NotAction", "Resource", "NotResource"})


def kept(declared: Mapping[str, object] | None, found: object) -> dict[str, object]:
    """A found policy, in the declared one's spelling where that means the same."""
    document: dict[str, object] = json.loads(found) if isinstance(found, str) else dict(found or {})  # type: ignore[call-overload]
    return dict(declared) if declared is not None and same(declared, document) else document


def text(document: Mapping[str, object]) -> str:
    """A policy as AWS takes it: always the same text, for a repeated call must not differ from the first."""
    return json.dumps(document, sort_keys=True)


def same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two policies mean the same: lists are sets, one item is a list of one, an account is its root."""
    return _plain(one) == _plain(other)


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    statements = document.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return {"Version": document.get("Version", "2008-10-17"), "Statement": [_statement(it) for it in listed]}


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _part(key, value) for key, value in statement.items() if not (key == "Sid" and not value)}


def _part(key: str, value: Any) -> Any:
    if key in _LISTS:
        return _set(value)
    if key in ("Principal", "NotPrincipal"):
        principals = {"AWS": "*"} if value == "*" else value
        return {kind: sorted({_principal(it) for it in _set(who)}) for kind, who in principals.items()}
    if key == "Condition":
        return {test: {name: _set(wanted) for name, wanted in keys.items()} for test, keys in value.items()}
    return value


def _principal(text: str) -> str:
    return f"arn:aws:iam::{text}:root" if text.isdigit() and len(text) == 12 else text


def _set(value: Any) -> list[str]:
    listed = value if isinstance(value, (list, tuple)) else [value]
    return sorted({str(it).lower() if isinstance(it, bool) else str(it) for it in listed})
