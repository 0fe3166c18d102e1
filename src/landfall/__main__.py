"""`python -m landfall` is `landfall`."""

from landfall.cli import main

if __name__ == "__main__":
    main()
