"""Settings and policy: the law as dated data. Knows no other package of the project."""
