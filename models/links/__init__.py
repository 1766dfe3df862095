"""Links between enterprises over a representative: what they carry over, groups, placeholder persons.

A person is a number here and never gets a score, a rank or a total.
"""
