"""Command lines of the Pulumi CLI are read as the CLI reads them."""

from __future__ import annotations

import shlex

import pytest

from toolchain.command_line import parse


@pytest.mark.parametrize(
    "line",
    [
        "up --stack local",
        "up --stack=local",
        "up -s local",
        "up -slocal",
        "up -s=local",
        "up -ys local",
        "up -yslocal",
        "up -ys=local",
        "up -yfs local",
        "-s local up",
        "--cwd stack up -s local",
        "up -s dev -s local",
        "up -m '-s dev' -s local",
        "stack init local",
        "stack init --secrets-provider passphrase local",
        "--color never stack init local --no-select",
        "-C stacks stack select local",
        "stack select -c local",
        "up -cstate=1 -s local",
        "stack rm --yes local",
        "stack rm -yf local",
        "stack rm -- local",
        "stack init -s local",
    ],
)
def test_the_stack_is_found(line: str) -> None:
    assert parse(shlex.split(line)).stack == "local"


@pytest.mark.parametrize(
    "line",
    [
        "up",
        "up --message local",
        "up -m local",
        "up -mlocal",
        "up -C local",
        "config set local value",
        "stack rename local",
        "stack init --copy-config-from local",
        "stack ls",
    ],
)
def test_another_word_is_no_stack(line: str) -> None:
    assert parse(shlex.split(line)).stack is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--color never up -v 3 -y", ("up",)),
        ("stack import --file up", ("stack", "import", "up")),
        ("-C up stack ls", ("stack", "ls")),
        ("", ()),
    ],
)
def test_the_command_is_what_is_no_option(line: str, words: tuple[str, ...]) -> None:
    assert parse(shlex.split(line)).words == words


@pytest.mark.parametrize("line", ["up -C a/b", "up -Ca/b", "up --cwd a/b", "up --cwd=a/b", "up -yC=a/b"])
def test_the_folder_is_found(line: str) -> None:
    assert parse(shlex.split(line)).options["cwd"] == "a/b"
