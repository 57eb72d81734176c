"""The card of a fitted explainer, ``explainer.json``: with what it was fitted, and for which model.

Beside it lies ``reference.json``, the rows it is fitted on. Nothing in the folder runs, so that it can come from a
store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from seldon_infra.core.errors import InvalidSpec, ModelNotFound
from seldon_infra.core.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

CARD, REFERENCE = "explainer.json", "reference.json"
MOST_BYTES = 1 << 20
"""A card is small; a file above this is none."""


class Card(BaseModel):
    """What an explainer was fitted with."""

    model_config = ConfigDict(frozen=True)

    method: dict[str, Any]
    """Its kind and its options."""
    model_digest: str
    """Digest of the model's files that it was fitted for."""
    input: str
    """Name of the predictor's input."""
    datatype: str
    """Its type on protocol v2."""
    output: str | None
    """Which of the predictor's outputs is explained; None takes the first."""
    features: tuple[str, ...]
    """Names of a row's numbers, in their order."""
    categories: dict[int, tuple[str, ...]]
    """Names of values, of those features that are no quantities."""
    classes: tuple[str, ...]
    """Names of the answers; none where the answer is a number."""
    rows: int
    """How many reference rows there are."""

    @property
    def kind(self) -> str:
        """The method's name."""
        return str(self.method.get("kind"))


def read_card(folder: Path) -> Card:
    """Read the card of an explainer's folder.

    Raises:
        ModelNotFound: there is none.
        InvalidSpec: it is not what it should be.
    """
    file = folder / CARD
    if not file.is_file():
        raise ModelNotFound(f"{file} is not there; fit the explainer with seldon-infra explainer fit")
    try:
        return Card.model_validate_json(file.read_bytes()[:MOST_BYTES])
    except ValidationError as error:
        where = error.errors()[0]
        got = f"{'.'.join(map(str, where['loc'])) or CARD}: {where['msg']}"
        problem = Problem(f"explainer {folder}", got, "must be a card as the fit writes it", "fit the explainer anew")
        raise InvalidSpec([problem]) from None
