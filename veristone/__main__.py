"""``python -m veristone`` is the `veristone` command."""

import sys

from veristone.cli.main import main

sys.exit(main())
