"""Triton's models as typed values, their rules, and their text: ``config.pbtxt``."""
