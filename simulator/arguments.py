"""Are the arguments of a call there, and of the right type?"""

from typing import Any

from simulator.errors import BAD_PARAMETER, WRONG_TYPE, Refused

Arguments = dict[str, Any]


def text(arguments: Arguments, name: str, *, most: int | None = None) -> str:
    """A string, empty if absent; ``most`` counts UTF-8 bytes.

    Raises:
        Refused: not a string, or too long.
    """
    value = arguments.get(name, "")
    if not isinstance(value, str):
        raise Refused(WRONG_TYPE, f"{name} must be a string")
    if most is not None and len(value.encode()) > most:
        raise Refused(BAD_PARAMETER, f"{name} longer than {most} bytes")
    return value


def required(arguments: Arguments, name: str, *, most: int | None = None) -> str:
    """A string that must not be empty.

    Raises:
        Refused: missing, empty, not a string, or too long.
    """
    value = text(arguments, name, most=most)
    if not value:
        raise Refused(BAD_PARAMETER, f"{name} missing")
    return value


def integer(arguments: Arguments, name: str, default: int, *, least: int, most: int) -> int:
    """An integer within bounds.

    Raises:
        Refused: not an integer, or out of bounds.
    """
    value = arguments.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(WRONG_TYPE, f"{name} must be an integer")
    if not least <= value <= most:
        raise Refused(BAD_PARAMETER, f"{name} must be {least} to {most}")
    return value


def number(arguments: Arguments, name: str, *, least: float, most: float) -> float:
    """A number within bounds.

    Raises:
        Refused: not a number, or out of bounds.
    """
    value = arguments.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Refused(WRONG_TYPE, f"{name} must be a number")
    if not least <= value <= most:
        raise Refused(BAD_PARAMETER, f"{name} must be {least} to {most}")
    return float(value)


def mapping(arguments: Arguments, name: str) -> Arguments:
    """An object that must be there.

    Raises:
        Refused: missing, or not an object.
    """
    value = arguments.get(name)
    if value is None:
        raise Refused(BAD_PARAMETER, f"{name} missing")
    if not isinstance(value, dict):
        raise Refused(WRONG_TYPE, f"{name} must be an object")
    return value


def strings(arguments: Arguments, name: str) -> list[str]:
    """A list of strings, empty if absent.

    Raises:
        Refused: not a list of strings.
    """
    value = arguments.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refused(WRONG_TYPE, f"{name} must be a list of strings")
    return value


def integers(arguments: Arguments, name: str) -> list[int]:
    """A list of integers, empty if absent.

    Raises:
        Refused: not a list of integers.
    """
    value = arguments.get(name, [])
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise Refused(WRONG_TYPE, f"{name} must be a list of integers")
    return value
