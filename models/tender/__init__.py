"""Tenders: who must be refused and why, what credit is worth in points, who wins, and whether credit decided it."""
