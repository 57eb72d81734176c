"""Reads a command line of the Pulumi CLI, as far as it matters here: which command, which stack, which folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

SHORT = {
    "C": "cwd",
    "m": "message",
    "p": "parallel",
    "s": "stack",
    "t": "target",
    "v": "verbose",
    "x": "exclude",
}
"""Options of one letter that take a value; the others, such as ``-y``, may stand before them in one word."""

TAKE_A_VALUE = frozenset(
    {
        *SHORT.values(),
        "config",
        *(
            "attach-debugger",
            "color",
            "config-file",
            "copy-config-from",
            "memprofilerate",
            "otel-traces",
            "policy-pack",
        ),
        *("policy-pack-config", "profiling", "replace", "secrets-provider", "target-replace", "teams", "tracing"),
    }
)
"""Options whose value may be the next word. One that is missing here has its value taken for a word of the command."""

STACKS_ARE_NAMED_BY = frozenset({"create", "delete", "init", "new", "remove", "rm", "select", "setup"})
"""What `pulumi stack …` does with a stack that may be named without `--stack`."""


@dataclass(frozen=True)
class CommandLine:
    """What was typed after `pulumi`."""

    words: tuple[str, ...]
    """The command and its arguments: ``("stack", "init", "local")``."""
    options: Mapping[str, str]
    """Each option's last value by its long name; "" for one without a value."""

    @property
    def command(self) -> str:
        """The command's first word."""
        return self.words[0] if self.words else ""

    @property
    def stack(self) -> str | None:
        """The stack that is named; None where none is."""
        named = self.words[2:3] if self._may_name_a_stack else ()
        return self.options.get("stack", named[0] if named else None)

    @property
    def is_stack_init(self) -> bool:
        """Whether this makes a stack."""
        return self.command == "stack" and self.words[1:2] in (("create",), ("init",), ("new",), ("setup",))

    @property
    def _may_name_a_stack(self) -> bool:
        return self.command == "stack" and bool(STACKS_ARE_NAMED_BY & set(self.words[1:2]))


def parse(arguments: Sequence[str]) -> CommandLine:
    """Take a command line apart.

    >>> parse(["-C", "stacks", "up", "-yslocal"])
    CommandLine(words=('up',), options={'cwd': 'stacks', 'y': '', 'stack': 'local'})
    """
    words: list[str] = []
    options: dict[str, str] = {}
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            words += left
        elif argument.startswith("--"):
            options.update(_long(argument[2:], left))
        elif argument.startswith("-"):
            options.update(_letters(argument[1:], left))
        else:
            words.append(argument)
    return CommandLine(tuple(words), options)


def _long(option: str, left: Iterator[str]) -> dict[str, str]:
    name, equals, value = option.partition("=")
    return {name: value if equals or name not in TAKE_A_VALUE else next(left, "")}


def _letters(letters: str, left: Iterator[str]) -> dict[str, str]:
    """Read options of one letter: the first that takes a value has the rest of the word, else the next word.

    ``-c`` takes a value but in `stack select`, so what follows it is neither letters nor an option's value.
    """
    found: dict[str, str] = {}
    for index, letter in enumerate(letters):
        if letter in SHORT:
            rest = letters[index + 1 :]
            return found | {SHORT[letter]: rest.removeprefix("=") if rest else next(left, "")}
        if letter == "=":
            break
        found[letter] = ""
        if letter == "c":
            break
    return found
