"""Does the simulator notice when the product is wrong? The real product, then broken ones."""
