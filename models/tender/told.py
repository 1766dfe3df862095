"""How the points of an evaluation are worked out, in words with the tender's own figures, so that a bidder with a
pocket calculator gets the same."""

from __future__ import annotations

from fractions import Fraction

from config.pack import Text
from config.units import points_text
from models.tender.case import Criterion, Formula, PriceRule


def price_told(rule: PriceRule, weight: int) -> Text:
    """The price formula with its parameters. weight: milli-points of the criterion."""
    full = points_text(weight)
    if rule.formula is Formula.lowest:
        return Text(
            en=f"points = {full} × lowest price ÷ price; the lowest price is that of the bids that were compared",
            zh=f"报价得分 = {full} × 最低报价 ÷ 投标报价；最低报价取自参加比较的有效投标",
        )
    above, below = points_text(rule.deduct_above), points_text(rule.deduct_below)
    mean = _mean(rule.trim_from)
    target = mean if rule.formula is Formula.average else _benchmark(rule, mean)
    return Text(
        en=f"benchmark = {target.en}; points = {full} − {above} for each 1% above the benchmark, or − {below} for each "
        "1% below it, in proportion, never below 0",
        zh=f"评标基准价 = {target.zh}；报价得分 = {full} 分，"
        f"每高于基准价 1% 扣 {above} 分，每低于基准价 1% 扣 {below} 分，按比例计算，最低 0 分",
    )


def _benchmark(rule: PriceRule, mean: Text) -> Text:
    if not rule.mix:
        scale = _number(rule.coefficient)
        return mean if rule.coefficient == 1 else Text(en=f"({mean.en}) × {scale}", zh=f"{mean.zh} × {scale}")
    share, rest, scale = _number(rule.mix), _number(1 - rule.mix), _number(rule.coefficient)
    times = "" if rule.coefficient == 1 else f" × {scale}"
    return Text(
        en=f"{share} × price ceiling{times} + {rest} × ({mean.en})",
        zh=f"{share} × 最高限价{times} + {rest} × {mean.zh}",
    )


def _mean(trim_from: int | None) -> Text:
    if trim_from is None:
        return Text(en="mean of the prices compared", zh="有效报价的平均价")
    return Text(
        en=f"mean of the prices compared, from {trim_from} bids on without one highest and one lowest",
        zh=f"有效报价的平均价（{trim_from} 家及以上时去掉一个最高价和一个最低价）",
    )


def judges_told(criterion: Criterion) -> Text:
    """How the judges' scores of a criterion become its points."""
    if criterion.trim_judges_from is None:
        return Text(en="mean of all judges' points", zh="全体评委打分的平均值")
    number = criterion.trim_judges_from
    return Text(
        en=f"mean of the judges' points, from {number} judges on without one highest and one lowest",
        zh=f"评委打分的平均值（{number} 名及以上时去掉一个最高分和一个最低分）",
    )


def weight_told(weight: int) -> Text:
    """What the credit points become at another credit weight; everything else stays. weight: the tender's own."""
    full = points_text(weight)
    return Text(
        en=f"at another credit weight w: total = points of the other criteria + credit points × w ÷ {full}",
        zh=f"信用权重为 w 时：总分 = 其他各项得分 + 信用标得分 × w ÷ {full}",
    )


def thresholds_told(exact: bool) -> Text:
    """How exact the weights are at which a winner changes (models.tender.sensitivity)."""
    if exact:
        return Text(en="every threshold is exact", zh="各分界均为精确值")
    return Text(
        en="many bids under a limit of lots: winners were worked out between half points of the weight, so a threshold "
        "may lie up to half a point from the one shown, and a change undone within half a point is not seen",
        zh="投标较多且限制中标标段数：中标候选人按权重每半分计算一次，实际分界与所列可相差至多半分，半分之内的反复变化未列出",
    )


def _number(value: Fraction) -> str:
    """A fraction as people write it: with decimals where it has few, else as it is."""
    thousandths = value * 1000
    return points_text(int(thousandths)) if thousandths.denominator == 1 else str(value)
