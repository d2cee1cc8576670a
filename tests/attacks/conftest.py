"""Makes the modules beside the tests importable; the runner, a program of its own, imports them too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
