"""Weight averages of training runs (Wortsman et al. 2022, "model soups").

average.py OUT WEIGHTS=SHARE …: the shares are scaled to sum to one.
"""
import sys

import torch


def average(parts):
    """(state dict, share) pairs -> one state dict in f32."""
    total = sum(share for _, share in parts)
    first = parts[0][0]
    return {k: sum(state[k].float() * (share / total) for state, share in parts)
            if first[k].is_floating_point() else first[k] for k in first}


if __name__ == "__main__":
    out, *named = sys.argv[1:]
    parts = []
    for name in named:
        path, share = name.rsplit("=", 1)
        parts.append((torch.load(path, map_location="cpu", weights_only=True), float(share)))
    torch.save(average(parts), out)
