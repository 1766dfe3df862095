"""Looking back: rate at each origin with only what was known then, measure on what followed."""

from models.backtest.run import BacktestReport, backtest, run_backtest

__all__ = ["BacktestReport", "backtest", "run_backtest"]
