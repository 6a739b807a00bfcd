"""Several processes of the product on one PostgreSQL."""
