"""Which loops carry units to the outside world and bring results back?"""
