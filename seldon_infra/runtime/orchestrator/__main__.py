"""``python -m seldon_infra.runtime.orchestrator --config graph.json``."""

import sys

from seldon_infra.runtime.orchestrator import main

sys.exit(main())
