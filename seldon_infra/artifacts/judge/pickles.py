"""Pickles: what they import, through joblib's arrays between the opcodes and objects in arrays.

Source of the form of an array: joblib's ``numpy_pickle.py``, ``NumpyArrayWrapper.write_array``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from seldon_infra.artifacts.judge.finding import DEEPEST, Finding, Unreadable
from seldon_infra.artifacts.judge.names import of_python_3
from seldon_infra.artifacts.judge.opcodes import Built, Calls, Does, Imports, Machine, Made, Named
from seldon_infra.artifacts.judge.streams import Bounded

MARK = b"\x80"
"""First byte of every pickle since protocol 2."""
ONLY_LISTED = "must import only what its server needs"
NO_TRICKS = "must be as a pickler writes it"
_LAST_PROTOCOL = 5
_WRAPPER = "NumpyArrayWrapper"
_ITEM = re.compile(r"[<>|=]?([biufcmMSUVO?])(\d*)\Z")

Allowed = Callable[[str, str], bool]


@dataclass
class _Pickle:
    """How one pickle was followed."""

    called: bool = False
    ended: bool = False


def is_pickle(head: bytes) -> bool:
    """Tell by the mark and the protocol, which no reader takes beyond 5."""
    return head.startswith(MARK) and len(head) > 1 and head[1] <= _LAST_PROTOCOL


def judge_pickle(stream: Bounded, file: str, allowed: Allowed) -> Iterator[Finding]:
    """Follow what begins as a pickle does; one that breaks off has run up to there, so that counts as well."""
    seen = _Pickle()
    try:
        yield from _follow(stream, file, allowed, seen, 0)
        yield from _further(stream, file, allowed)
    except Unreadable as broken:
        # Bare numbers may begin like a pickle, but then go on to call nothing.
        if seen.called:
            yield Finding(file, str(broken), "must be whole")


def judge_text_pickle(stream: Bounded, file: str, allowed: Allowed) -> Iterator[Finding]:
    """Follow what may be a pickle without a mark: it is one if it gets as far as to call what it imports."""
    seen, found = _Pickle(), list[Finding]()
    try:
        found += _follow(stream, file, allowed, seen, 0)
    except Unreadable:
        seen.ended = False
    if seen.ended or seen.called:
        yield from found


def _further(stream: Bounded, file: str, allowed: Allowed) -> Iterator[Finding]:
    """Pickles that follow: some formats hold several."""
    for _ in range(DEEPEST):
        first = stream.read(1)
        if first != MARK:
            return
        try:
            yield from _follow(Bounded(stream, first), file, allowed, _Pickle(), 0)  # type: ignore[arg-type]
        except Unreadable:
            # Behind the end, numbers may begin with the mark.
            return


def _follow(stream: Bounded, file: str, allowed: Allowed, seen: _Pickle, depth: int) -> Iterator[Finding]:
    if depth > DEEPEST:
        raise Unreadable(f"holds pickles {depth} deep in each other")
    machine = Machine(stream)
    for event in machine.run():
        match event:
            case Imports(what, protocol):
                yield from _import(what, protocol, file, allowed)
            case Does(what):
                yield Finding(file, what, NO_TRICKS)
            case Calls():
                seen.called = True
            case Built(value) if isinstance(value.maker, Named) and _is_wrapper(value.maker):
                yield from _array(stream, value, file, allowed, depth)
                machine.replace_top()
    seen.ended = True


def _import(what: Named, protocol: int, file: str, allowed: Allowed) -> Iterator[Finding]:
    module, name = of_python_3(what.module, what.name) if protocol < 3 else (what.module, what.name)
    if not allowed(module, name):
        yield Finding(file, f"imports {module}.{name}", ONLY_LISTED, f"{module}.{name}")


def _is_wrapper(maker: Named) -> bool:
    return maker.name == _WRAPPER and maker.module.endswith("joblib.numpy_pickle")


def _array(stream: Bounded, wrapper: Made, file: str, allowed: Allowed, depth: int) -> Iterator[Finding]:
    """Pass over an array's numbers, or follow the pickle that stands there for an array of objects."""
    state = wrapper.state
    shape, dtype = state.get("shape"), state.get("dtype")
    alignment = state.get("numpy_array_alignment_bytes")
    if not wrapper.followed or None in state or not isinstance(shape, tuple):
        raise Unreadable("holds an array that cannot be followed")
    if not all(isinstance(each, int) and each >= 0 for each in map(_number, shape)):
        raise Unreadable("holds an array of no size")
    if _has_objects(dtype):
        yield from _follow(stream, file, allowed, _Pickle(), depth + 1)
        return
    if alignment is not None:
        padding = stream.read(1)
        stream.skip(padding[0] if padding else 0)
    size = math.prod(map(_number, shape)) * _item_size(dtype)
    if stream.skip(size) < size:
        raise Unreadable("ends within an array")


def _number(value: Any) -> Any:
    """A number, also as numpy writes one."""
    return value if not isinstance(value, bool) else None


def _description(dtype: Any) -> tuple[str, tuple[Any, ...]]:
    """The text that a dtype is made from and its state."""
    made = isinstance(dtype, Made) and str(dtype.maker) == "numpy.dtype" and isinstance(dtype.arguments, tuple)
    if not made or not dtype.arguments or not isinstance(dtype.arguments[0], str):
        raise Unreadable("holds an array of a type that cannot be followed")
    state = dtype.state.get(None, ())
    return dtype.arguments[0], state if isinstance(state, tuple) else ()


def _has_objects(dtype: Any) -> bool:
    text, state = _description(dtype)
    fields = state[4] if len(state) > 4 and isinstance(state[4], dict) else {}
    parts = [each[0] for each in fields.values() if isinstance(each, tuple) and each]
    base = state[2] if len(state) > 2 and isinstance(state[2], tuple) and state[2] else None
    inner = [*parts, base[0]] if base else parts
    return "O" in text or any(_has_objects(each) for each in inner)


def _item_size(dtype: Any) -> int:
    text, state = _description(dtype)
    form = _ITEM.match(text)
    if form is None:
        raise Unreadable(f"holds an array of the type {text!r}")
    given = state[5] if len(state) > 5 and isinstance(state[5], int) and state[5] > 0 else None
    kind, digits = form[1], form[2]
    number = int(digits) if digits else 1
    return given if given is not None else number * 4 if kind == "U" else number
