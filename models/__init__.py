"""Everything that calculates or is stored: no Prefect, no Excel writing, no clock, no environment."""
