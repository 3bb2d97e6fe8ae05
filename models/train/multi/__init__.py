"""The training of hearken-multi: ten languages, posts and reviews, whole texts and toward a brand.

Run as `python -m multi.STEP` in models/train, in the order vocabulary, base, mix, train, choose,
export; ../README.md says with what.
"""
