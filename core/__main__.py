"""`python -m core`: the command line of the studio."""

import sys

from core.cli import main

sys.exit(main())
