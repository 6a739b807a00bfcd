"""Which wrong variants of the product are there?"""

from tests.contract.wrong import calling, pressing, pulling, talking
from tests.contract.wrong.run import Variant

VARIANTS: dict[str, Variant] = (
    pulling.VARIANTS | talking.VARIANTS | calling.VARIANTS | pressing.VARIANTS
)
"""By name; each must be caught by the kind of finding that it names."""
