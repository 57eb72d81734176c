"""``python -m seldon_infra.runtime.payloads --root FOLDER --port PORT …``."""

import sys

from seldon_infra.runtime.payloads.serve import main

sys.exit(main())
