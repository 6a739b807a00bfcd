"""What does `python -m bot` do? The same as `concierge`."""

from bot.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
