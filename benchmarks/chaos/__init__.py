"""Does anything break when everything breaks at once? See `__main__`."""
