"""`python -m ibr` runs the command line."""

from ibr.cli import main

if __name__ == "__main__":
    main()
