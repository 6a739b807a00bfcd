"""Take newcomers through a few steps over days, and know honestly how far each is."""
