"""The page at which a coupon is redeemed."""
