"""`python -m yaokit` is `yaokit`."""

import sys

from yaokit.cli import main

if __name__ == "__main__":
    sys.exit(main())
