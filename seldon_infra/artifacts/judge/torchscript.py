"""Code in a file of TorchScript, which is run as it stands: it may compute and reach for no file.

Two of its operators do, ``aten::save`` and ``aten::from_file``. A namespace of operators can be given another name and
asked by a text, so it must stand before the operator that is meant. Comments, texts and what may stand between two
tokens are those of ``torch/csrc/jit/frontend/lexer.h``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seldon_infra.artifacts.judge.finding import Finding

_TEXTS = (rb'"""(?:[^\\]|\\.)*?"""', rb"'''(?:[^\\]|\\.)*?'''", rb'"(?:[^"\\\n]|\\.)*"', rb"'(?:[^'\\\n]|\\.)*'")
_PASSED_OVER = re.compile(rb"#[^\n]*|\\\n|" + rb"|".join(_TEXTS), re.DOTALL)
_REACHES = re.compile(rb"\.\s*(from_file|save)\b")
_NAMESPACE = re.compile(rb"(?<![\w.])(torch|ops\s*\.\s*\w+|ops)\b(?!\s*\.)")
_ONLY_COMPUTES = "must compute and nothing else"


def is_code(file: str) -> bool:
    """Tell by its name whether a member of an archive is code."""
    return "!" in file and "/code/" in file and file.endswith(".py")


def judge_code(text: bytes, file: str) -> Iterator[Finding]:
    """Judge one file of code."""
    left = _PASSED_OVER.sub(b" ", text)
    for name in dict.fromkeys(found[1].decode() for found in _REACHES.finditer(left)):
        yield Finding(file, f"calls torch.{name}, which reaches for files", _ONLY_COMPUTES, f"torch.{name}")
    for name in dict.fromkeys(b"".join(found[1].split()).decode() for found in _NAMESPACE.finditer(left)):
        yield Finding(file, f"hands on {name}, with which it can call anything", "must name what it calls", name)
