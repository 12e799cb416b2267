"""`python -m lunaroute_server` is `lunaroute`."""

from lunaroute_server.cli import main

if __name__ == "__main__":
    main()
