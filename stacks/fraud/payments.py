"""Card payments, made up: what one looks like, and when it is fraud."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

FEATURES = ("amount", "distance_km", "purchases_today", "new_shop", "card_days")


def payment(random: Random) -> list[float]:
    """Draw one payment."""
    return [
        round(random.lognormvariate(3.6, 1.2), 2),
        round(random.expovariate(1 / 30), 1),
        float(min(int(random.expovariate(0.4)), 12)),
        float(random.random() < 0.5),
        float(random.randrange(1, 1500)),
    ]


def is_fraud(row: Sequence[float], random: Random) -> bool:
    """Tell whether a payment is fraud: likelier far away, in new shops, with large amounts and new cards."""
    amount, distance, count, new_shop, days = row
    score = 1.2 * (math.log(amount) - 4) + 0.06 * (distance - 30) + 0.6 * (count - 2) + 2.5 * new_shop
    return random.random() < 1 / (1 + math.exp(-1.5 * (score + (days < 100) - 1)))
