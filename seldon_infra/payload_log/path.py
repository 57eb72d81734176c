"""Where executors send payloads: a word that loggers' addresses and the log's process have in common."""

EXECUTOR_PATH = "/executor"
"""``sample``, ``largest`` and ``redact`` are in the query."""
