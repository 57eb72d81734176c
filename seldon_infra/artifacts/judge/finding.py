"""What is wrong with a model's file, and the limits within which files are judged."""

from __future__ import annotations

from dataclasses import dataclass

from seldon_infra.core.problems import Problem

DEEPEST = 5
"""Archives and compressed streams within each other; no genuine model has more than three."""
MOST_FINDINGS = 20
"""Findings that are told of one file."""
MOST_MEMBERS = 100_000
"""Members of one archive."""
MOST_OPCODES = 50_000_000
"""Opcodes of one pickle: some two minutes."""
LARGEST_TEXT = 64 * 2**20
"""Bytes of a settings file, or of the description in a Keras file."""
FREE_BYTES = 256 * 2**20
"""What a compressed file may unpack to, whatever it is compressed from."""
STEEPEST = 200
"""How many times its own size a larger one may unpack to. Weights hardly compress; zeros do by 1,000."""
_NO_WAY = "get the model from whoever made it, or write it anew"


@dataclass(frozen=True)
class Finding:
    """One thing that a file does and may not."""

    file: str
    """The file by its path in the model; a member of an archive after a ``!``."""
    got: str
    """What it does: ``imports os.system``."""
    want: str
    """The rule: ``must import only names on the list of its server``."""
    name: str | None = None
    """What to write into ``trusted`` to accept it, None for what nobody can accept."""
    mend: str = _NO_WAY
    """What to do about what nobody can accept."""

    def problem(self, path: str, uri: str) -> Problem:
        """Word it as a problem of the node ``path`` whose model is at ``uri``."""
        return Problem(path, f"model_uri '{uri}': {self.file} {self.got}", self.want, self.fix)

    @property
    def fix(self) -> str:
        """What to do about it."""
        return f"accept it by trusted=('{self.name}',) if you know who made the file" if self.name else self.mend

    def __str__(self) -> str:
        return f"{self.file} {self.got}, {self.want}; {self.fix}"


class Unreadable(Exception):
    """A file goes beyond a bound, or breaks off where its readers have run part of it; the text says which."""


class Garbled(Unreadable):
    """What has the mark of a compressed file is none: bare numbers may begin with any."""
