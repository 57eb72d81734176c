"""Makes up what users think of films, hides favourites and fits both rankings: ``python fit.py FOLDER``."""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD

SEED, USERS, FILMS, TASTES = 0, 400, 20, 3


def main(folder):
    """Ratings come from a few tastes and noise; six of ten are known, but no favourite of the second half of users."""
    random = np.random.default_rng(SEED)
    likes = random.normal(size=(USERS, TASTES)) @ random.normal(size=(TASTES, FILMS))
    likes += random.normal(scale=0.3, size=likes.shape)
    favourites = likes.argmax(axis=1)
    known = random.random(likes.shape) < 0.6
    held_out = np.arange(USERS // 2, USERS)
    known[held_out, favourites[held_out]] = False
    seen = np.where(known, likes, 0)
    known_favourites = np.bincount(favourites[: USERS // 2], minlength=FILMS)
    popular = np.tile(known_favourites / known_favourites.sum(), (USERS, 1))
    factors = TruncatedSVD(TASTES, random_state=SEED)
    personal = factors.fit_transform(seen) @ factors.components_
    for name, scores in (("popular", popular), ("personal", personal)):
        (folder / name).mkdir()
        (folder / name / "scores.json").write_text(json.dumps(scores.round(4).tolist()))
        found = (scores.argmax(axis=1) == favourites)[held_out].mean()
        print(f"{name}: finds the hidden favourite of {found:.0%} of the users")
    rows = {"rows": held_out[:, None].tolist(), "labels": favourites[held_out].tolist()}
    (folder / "heldout.json").write_text(json.dumps({"input": "user", "datatype": "FP64", **rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
