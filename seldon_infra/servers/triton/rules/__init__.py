"""Rules about Triton's models: what Triton says at start, said before.

Source: Triton core, ``src/model_config_utils.cc`` and ``src/ensemble_scheduler/ensemble_utils.cc``.
"""
