"""`python -m engine.cli`: the same as the console script."""

from engine.cli import main

main()
