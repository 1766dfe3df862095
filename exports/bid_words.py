"""Words of the bid evaluation: code → (Chinese, English)."""

from __future__ import annotations

Word = tuple[str, str]

SET_ASIDE: dict[str, Word] = {
    "veto": ("一票否决", "veto"),
    "withdrawn": ("已撤回", "withdrawn"),
    "disqualified": ("不合格", "disqualified"),
    "invited": ("仅受邀未投标", "invited only"),
}

BASIS: dict[str, Word] = {
    "tier": ("按信用等级", "by tier"),
    "score": ("权重×评分÷满分", "weight × score ÷ maximum"),
    "neutral": ("无法评级，给予中性分", "cannot be rated: neutral points"),
    "annual_and_live": ("年度分＋实时分", "annual + live points"),
    "weakest": ("以得分最低成员为准", "the weakest member decides"),
    "weighted": ("按份额加权", "mean by shares"),
}

FLAGS: dict[str, Word] = {
    "same_representative": ("不同投标人由同一人任职（代表人等）", "the same person holds office at both bidders"),
    "same_price": ("投标报价完全相同", "identical prices"),
    "bidder_and_subcontractor": ("投标人同时为对手的分包人", "a bidder is the other's subcontractor"),
}

METHODS: dict[str, Word] = {
    "table": ("等级对应得分表", "table by tier"),
    "proportional": ("权重×评分÷满分", "weight × score ÷ maximum"),
    "optimised": ("规则约束下的最优分值", "optimal points within the rules"),
    "annual_and_live": ("年度分＋实时分", "annual + live points"),
}

FORMULAS: dict[str, Word] = {
    "lowest": ("最低价优先", "lowest price"),
    "average": ("平均价偏离扣分", "average with deviation"),
    "benchmark": ("评标基准价", "benchmark price"),
}

TIES: dict[str, Word] = {
    "price": ("报价低者优先", "lower price"),
    "technical": ("技术标高者优先", "higher technical points"),
    "business": ("商务标高者优先", "higher business points"),
    "credit": ("信用标高者优先", "higher credit points"),
    "draw": ("可复核的抽签", "replayable draw"),
}
