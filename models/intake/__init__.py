"""Reading agencies' files: accepted rows per noun, refused rows with row number, rule and reason.

The door (forbidden and missing headings) → reader (CSV, Excel, Parquet, SQL) → shaping → conversion → contract.
"""

from config.source_forms import Source
from models.intake.hashes import file_hashes
from models.intake.raw import FileSeen
from models.intake.run import Intake, intake
from models.intake.source import load_source, source_names

__all__ = ["FileSeen", "Intake", "Source", "file_hashes", "intake", "load_source", "source_names"]
