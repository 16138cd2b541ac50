"""`python -m seedbed`: the same as `seedbed`, for when the script is not on the path."""

from seedbed.cli.main import main

if __name__ == "__main__":
    main()
