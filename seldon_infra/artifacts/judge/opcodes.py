"""Follows a pickle's opcodes with a stack and a memo of stand-ins: what it would import, call and build is seen.

Nothing is imported and nothing is called. Source: the standard library's ``pickletools``, which documents each opcode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pickletools import genops
from typing import IO, Any, ClassVar, cast

from seldon_infra.artifacts.judge.finding import MOST_OPCODES, Unreadable
from seldon_infra.artifacts.judge.streams import Bounded

_MOST_KEPT = 64
"""Items of a container that are kept: what decides is in small ones."""
OPAQUE = object()
"""A value that decides nothing."""


@dataclass(frozen=True)
class Named:
    """Something that the pickle imports."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Made:
    """What a call gives."""

    maker: Any
    arguments: Any
    state: dict[Any, Any] = field(default_factory=dict)
    """Attributes that it is given afterwards."""
    followed: bool = True
    """Whether all of its state is known."""


@dataclass(frozen=True)
class Imports:
    """A name is imported."""

    what: Named
    protocol: int
    """That of the pickle: earlier ones than 3 use names of Python 2."""


@dataclass(frozen=True)
class Does:
    """Something that no genuine pickle of a model does."""

    what: str


@dataclass(frozen=True)
class Calls:
    """Something that was imported is called, or given a state."""


@dataclass(frozen=True)
class Built:
    """A value has got its state; whoever reads the stream may now take bytes from it."""

    value: Made


Event = Imports | Does | Calls | Built


class Machine:
    """Runs over one pickle and tells what happens."""

    def __init__(self, stream: Bounded) -> None:
        self._stream = stream
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._protocol = 0
        self._events: list[Event] = []

    def run(self) -> Iterator[Event]:
        """Follow the opcodes up to the end.

        Raises:
            Unreadable: there is no such pickle, or it ends in the middle.
        """
        count = 0
        try:
            for opcode, argument, _ in genops(cast("IO[bytes]", self._stream)):
                count += 1
                if count > MOST_OPCODES:
                    raise Unreadable(f"has more than {MOST_OPCODES:,} opcodes")
                self._step(opcode.name, argument)
                if self._events:
                    yield from self._events
                    self._events.clear()
        except (ValueError, IndexError, KeyError, TypeError, RecursionError, OverflowError) as error:
            raise Unreadable(f"is a broken pickle: {error}") from None

    def _step(self, name: str, argument: Any) -> None:
        act = self._acts.get(name)
        if act is not None:
            act(self, argument)
        else:
            self._stack.append(argument if isinstance(argument, (str, int)) else OPAQUE)

    def _proto(self, argument: Any) -> None:
        self._protocol = argument

    def _nothing(self, argument: Any) -> None:
        pass

    def _mark(self, argument: Any) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _items(self) -> list[Any]:
        items, self._stack = self._stack, self._below.pop()
        return items

    def _pop(self, argument: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._items()

    def _pop_mark(self, argument: Any) -> None:
        self._items()

    def _dup(self, argument: Any) -> None:
        self._stack.append(self._stack[-1])

    def _put(self, argument: Any) -> None:
        self._memo[argument] = self._stack[-1]

    def _memoize(self, argument: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, argument: Any) -> None:
        self._stack.append(self._memo[argument])

    def _true(self, argument: Any) -> None:
        self._stack.append(True)

    def _false(self, argument: Any) -> None:
        self._stack.append(False)

    def _none(self, argument: Any) -> None:
        self._stack.append(None)

    def _opaque(self, argument: Any) -> None:
        self._stack.append(OPAQUE)

    def _persistent(self, argument: Any) -> None:
        self._stack[-1] = OPAQUE

    def _of_items(self, argument: Any) -> None:
        self._items()
        self._stack.append(OPAQUE)

    def _tuple(self, argument: Any) -> None:
        items = self._items()
        self._stack.append(tuple(items) if len(items) <= _MOST_KEPT else OPAQUE)

    def _tuple_of(self, count: int) -> None:
        items = [self._stack.pop() for _ in range(count)]
        self._stack.append(tuple(items[::-1]))

    def _empty_tuple(self, argument: Any) -> None:
        self._tuple_of(0)

    def _tuple1(self, argument: Any) -> None:
        self._tuple_of(1)

    def _tuple2(self, argument: Any) -> None:
        self._tuple_of(2)

    def _tuple3(self, argument: Any) -> None:
        self._tuple_of(3)

    def _empty_dict(self, argument: Any) -> None:
        self._stack.append({})

    def _dict(self, argument: Any) -> None:
        items = self._items()
        self._stack.append({})
        self._set(items)

    def _set_item(self, argument: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _set_items(self, argument: Any) -> None:
        self._set(self._items())

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, dict) and len(target) < _MOST_KEPT:
            pairs = zip(items[::2], items[1::2], strict=True)
            target.update({key: value for key, value in pairs if isinstance(key, str)})

    def _drop_one(self, argument: Any) -> None:
        self._stack.pop()

    def _drop_items(self, argument: Any) -> None:
        self._items()

    def _global(self, argument: Any) -> None:
        module, _, name = str(argument).partition(" ")
        self._import(module, name)

    def _stack_global(self, argument: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if isinstance(name, str) and isinstance(module, str):
            self._import(module, name)
        else:
            self._events.append(Does("imports a name that it computes"))
            self._stack.append(OPAQUE)

    def _import(self, module: str, name: str) -> None:
        what = Named(module, name)
        self._events.append(Imports(what, self._protocol))
        self._stack.append(what)

    def _extension(self, argument: Any) -> None:
        self._events.append(Does(f"imports what the extension code {argument} stands for"))
        self._stack.append(OPAQUE)

    def _inst(self, argument: Any) -> None:
        items = self._items()
        self._global(argument)
        self._call(self._stack.pop(), tuple(items[:_MOST_KEPT]))

    def _obj(self, argument: Any) -> None:
        maker, *items = self._items()
        self._call(maker, tuple(items[:_MOST_KEPT]))

    def _reduce(self, argument: Any) -> None:
        arguments, maker = self._stack.pop(), self._stack.pop()
        self._call(maker, arguments)

    def _new_with_names(self, argument: Any) -> None:
        self._stack.pop()
        self._reduce(argument)

    def _call(self, maker: Any, arguments: Any) -> None:
        if not isinstance(maker, Named):
            self._events.append(Does("calls something that it has made, not something that it names"))
        self._events.append(Calls())
        self._stack.append(Made(maker, arguments))

    def _build(self, argument: Any) -> None:
        state, value = self._stack.pop(), self._stack[-1]
        self._events.append(Calls())
        if isinstance(value, Named):
            self._events.append(Does(f"changes {value}"))
        if not isinstance(value, Made):
            return
        if isinstance(state, dict):
            value.state.update(state)
        elif isinstance(state, tuple):
            value.state[None] = state
        else:
            value.followed = False
        self._events.append(Built(value))

    def replace_top(self) -> None:
        """Put something that decides nothing in the place of the last value."""
        self._stack[-1] = OPAQUE

    _acts: ClassVar[dict[str, Callable[[Machine, Any], None]]] = {
        "PROTO": _proto, "STOP": _nothing, "FRAME": _nothing, "READONLY_BUFFER": _nothing,
        "MARK": _mark, "POP": _pop, "POP_MARK": _pop_mark, "DUP": _dup,
        "PUT": _put, "BINPUT": _put, "LONG_BINPUT": _put, "MEMOIZE": _memoize,
        "GET": _get, "BINGET": _get, "LONG_BINGET": _get,
        "NONE": _none, "NEWTRUE": _true, "NEWFALSE": _false,
        "EMPTY_LIST": _opaque, "EMPTY_SET": _opaque, "NEXT_BUFFER": _opaque, "PERSID": _opaque,
        "LIST": _of_items, "FROZENSET": _of_items, "BINPERSID": _persistent,
        "EMPTY_TUPLE": _empty_tuple, "TUPLE1": _tuple1, "TUPLE2": _tuple2, "TUPLE3": _tuple3, "TUPLE": _tuple,
        "EMPTY_DICT": _empty_dict, "DICT": _dict, "SETITEM": _set_item, "SETITEMS": _set_items,
        "APPEND": _drop_one, "APPENDS": _drop_items, "ADDITEMS": _drop_items,
        "GLOBAL": _global, "STACK_GLOBAL": _stack_global,
        "EXT1": _extension, "EXT2": _extension, "EXT4": _extension,
        "INST": _inst, "OBJ": _obj, "REDUCE": _reduce, "NEWOBJ": _reduce, "NEWOBJ_EX": _new_with_names,
        "BUILD": _build,
    }  # fmt: skip
