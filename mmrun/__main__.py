"""`python -m mmrun` is the `mmrun` command."""

from mmrun.cli import main


if __name__ == "__main__":
    main()
