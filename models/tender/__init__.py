"""Tenders: who must be refused and why, what credit is worth in points, who wins, and whether credit decided it."""

from models.tender.bid_points import PointTable, points_by_tier
from models.tender.case import TenderCase
from models.tender.evaluation import Evaluation, evaluate
from models.tender.ocds import read_ocds
from models.tender.population import population

__all__ = ["Evaluation", "PointTable", "TenderCase", "evaluate", "points_by_tier", "population", "read_ocds"]
