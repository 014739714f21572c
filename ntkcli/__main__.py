"""`python -m ntkcli` is `ntk`."""

from ntkcli.cli import main

if __name__ == "__main__":
    main()
