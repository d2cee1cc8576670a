"""Fragments of behaviour, one file each: a function for one slot of a policy, and the constants that tune it.

A constant names its range in a comment, as in ``BANDS = 2  # 1 to 6``. Constants of one name mean the same in
all fragments of a slot, and keep their value when one fragment takes the place of another.
"""
