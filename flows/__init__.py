"""Prefect flows and the command line: the only place that knows the clock and the environment."""
