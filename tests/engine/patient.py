"""For a program or a command to import: what a preview asks a cluster and AWS may take as long as a busy machine needs.

The library's own limits are for people, who want a preview rather than an answer to every question.
"""

from __future__ import annotations

import seldon_infra.clusters.survey
import seldon_infra.eks.aws.survey
import seldon_infra.eks.cost.ask
import seldon_infra.targets.aws_prices
from seldon_infra.eks import aws_session

SECONDS = 240.0

aws_session.CONNECT_SECONDS = aws_session.READ_SECONDS = int(SECONDS)
seldon_infra.clusters.survey.LOGIN_SECONDS = seldon_infra.clusters.survey.FIRST_ANSWER_SECONDS = SECONDS
seldon_infra.clusters.survey.ALL_ANSWERS_SECONDS = SECONDS
seldon_infra.eks.aws.survey.READ_SECONDS = int(SECONDS)
seldon_infra.eks.aws.survey.ALL_ANSWERS_SECONDS = SECONDS
seldon_infra.eks.cost.ask.ALL_ANSWERS_SECONDS = SECONDS
seldon_infra.targets.aws_prices.ALL_ANSWERS_SECONDS = SECONDS
