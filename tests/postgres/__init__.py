"""A real PostgreSQL for the tests: a server of its own, thrown away afterwards."""
