"""A proposal of rates goes by the policy's figures; a figure given in their place is told as such."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.errors import PolicyGap
from flows.rates_command import terms_of
from tests.models.inspection.world import policy, with_rules


def test_figures_are_the_policys_with_their_clause_unless_given() -> None:
    rules = policy().inspection
    of_policy = terms_of(policy(), None, None)
    assert (of_policy.explore, of_policy.step) == (rules.explore_per_mille, rules.rate_step_per_mille)
    assert all(str(rules.clauses["explore_per_mille"]) in line for line in of_policy.told)
    given = terms_of(policy(), 0, None)
    assert (given.explore, given.step) == (0, rules.rate_step_per_mille)
    assert f"given on the command line; the policy says {rules.explore_per_mille}" in given.told[0]


def test_a_pack_that_says_nothing_has_to_be_told() -> None:
    silent = with_rules(policy(), explore_per_mille=None)
    with pytest.raises(PolicyGap, match="explore_per_mille"):
        terms_of(silent, None, None)
    assert terms_of(replace(silent), 100, None).explore == 100
