"""Temperature and abstention per kind, from the dev logits that evaluate.py --split dev --save kept.

Test files are never read here. Only dev files with all three labels count, and none of a source
that is kept unseen (fdu_amazon_reviews).
"""
import argparse
import json
from pathlib import Path

import numpy as np

from data import LABELS

POST = ["tweeteval_sentiment", "entity_brand_tweets", "sanders_tweets", "cf_brand_emotions_sxsw"]
REVIEW = ["sst3", "skytrax_lounge_seat", "minibar_app_en", "opener_hotel_en", "alexa_reviews"]
ABSTAIN = 0.12


def softmax(x):
    x = np.exp(x - x.max(1, keepdims=True))
    return x / x.sum(1, keepdims=True)


def nll(logits, gold, t):
    return -np.log(softmax(logits / t)[np.arange(len(gold)), gold] + 1e-12).mean()


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("logits", help="folder with dev-*.npz")
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    result = {"temperature": {}, "unsure_below": {}}
    print("| kind | dev texts | abstains | below | accuracy of all | of the answered | of the abstained |\n"
          "|---|---:|---:|---:|---:|---:|---:|")
    for kind, sources in (("post", POST), ("review", REVIEW)):
        files = [np.load(Path(a.logits) / f"dev-{s}.npz") for s in sources]
        logits = np.concatenate([f["logits"] for f in files])
        gold = np.array([LABELS.index(g) for f in files for g in f["gold"]])
        t = min(np.arange(0.5, 4.0, 0.01), key=lambda t: nll(logits, gold, t))
        p = softmax(logits / t)
        top, right = p.max(1), p.argmax(1) == gold
        chosen = round(float(np.quantile(top, ABSTAIN)), 2)
        for share in (0.0, 0.05, 0.10, ABSTAIN, 0.15, 0.20, 0.30):
            cut = chosen if share == ABSTAIN else round(float(np.quantile(top, share)), 2) if share else 0.0
            keep = top >= cut
            mark = " (shipped)" if share == ABSTAIN else ""
            print(f"| {kind}{mark} | {len(gold)} | {1 - keep.mean():.1%} | {cut:.2f} | {right.mean():.3f} | "
                  f"{right[keep].mean():.3f} | {right[~keep].mean() if (~keep).any() else float('nan'):.3f} |")
        print(f"<!-- {kind}: NLL {nll(logits, gold, 1.0):.3f} at 1.0, {nll(logits, gold, t):.3f} at {t:.2f} -->")
        result["temperature"][kind] = round(float(t), 2)
        result["unsure_below"][kind] = chosen
    Path(a.out).write_text(json.dumps(result, indent=1))
