"""A stack's program that waits for a cluster's answers as long as it takes.

What a preview has not heard within some seconds it passes over. On a machine that is busy with other tests too that
would be luck, but where a test asks a cluster that never answers.
"""

PROGRAM = """
from seldon_infra import run
from seldon_infra.clusters import survey

survey.LOGIN_SECONDS = survey.FIRST_ANSWER_SECONDS = survey.ALL_ANSWERS_SECONDS = 120
run(__file__)
"""
