"""Reading agencies' files: accepted rows per noun, refused rows with row number, rule and reason.

The door (forbidden and missing headings) → reader (CSV, Excel, Parquet, SQL) → shaping → conversion → contract.
"""

from config.source_forms import Source
from models.intake.columns import Run
from models.intake.hashes import file_hashes
from models.intake.raw import FileSeen
from models.intake.rotation import rekey
from models.intake.run import Intake, intake
from models.intake.source import load_source, own_policy, source_names

__all__ = [
    "FileSeen",
    "Intake",
    "Run",
    "Source",
    "file_hashes",
    "intake",
    "load_source",
    "own_policy",
    "rekey",
    "source_names",
]
