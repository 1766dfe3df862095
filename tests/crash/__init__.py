"""Kill -9, full disks and lost databases: afterwards the same command has the same result."""
