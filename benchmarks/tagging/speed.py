"""What does a message cost with many rules?"""


def print_speed() -> None:
    """Build many rules and look through messages."""
