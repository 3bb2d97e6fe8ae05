"""The table of `hearken model eval`: per test file n, accuracy, macro-F1, macro-recall.

A text is scored by the most probable class among the labels that its file uses.
"""
import argparse
from pathlib import Path

import numpy as np
import torch

from data import LABELS, load, manifest
from export import load_model


def logits_of(model, encoder, texts, kinds, max_tokens, batch_tokens=4096, autocast=False):
    ids = encoder(texts, kinds, max_tokens)
    out = np.zeros((len(ids), len(LABELS)), dtype=np.float64)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and len(ids[order[end]]) * (end + 1 - start) <= batch_tokens:
            end += 1
        part = order[start:end]
        x, mask = pad([ids[i] for i in part], encoder.pad)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            out[part] = model(input_ids=x, attention_mask=mask).logits.double().numpy()
        start = end
    return out


def pad(rows, pad_id):
    width = max(map(len, rows))
    x = torch.full((len(rows), width), pad_id)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for i, r in enumerate(rows):
        x[i, :len(r)] = torch.tensor(r)
        mask[i, :len(r)] = 1
    return x, mask


def scores(logits, gold):
    """Accuracy, macro-F1, macro-recall over the labels that occur in gold."""
    gold = np.array([LABELS.index(g) for g in gold])
    used = sorted(set(gold))
    pred = np.array(used)[np.asarray(logits)[:, used].argmax(1)]
    f1, recall = [], []
    for c in used:
        tp = ((pred == c) & (gold == c)).sum()
        recall.append(tp / (gold == c).sum())
        f1.append(2 * tp / ((pred == c).sum() + (gold == c).sum()))
    return (pred == gold).mean(), float(np.mean(f1)), float(np.mean(recall))


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("model")
    ap.add_argument("data", help="the folder with MANIFEST.tsv")
    ap.add_argument("--split", default="test")
    ap.add_argument("--lang", default="en")
    ap.add_argument("--only", nargs="*")
    ap.add_argument("--max-tokens", type=int)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--save", help="keep the logits in this folder")
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    model, encoder, h = load_model(a.model)
    print("| source | kind | n | labels | accuracy | macro-F1 | macro-recall |\n|---|---|---:|---:|---:|---:|---:|")
    for (source, split), row in sorted(manifest(a.data).items()):
        if split != a.split or row["lang"] != a.lang or (a.only and source not in a.only):
            continue
        items = load(a.data, split, source)
        gold = [i["label"] for i in items]
        lo = logits_of(model, encoder, [i["text"] for i in items], [row["kind"]] * len(items),
                       a.max_tokens or h["max_tokens"])
        if a.save:
            Path(a.save).mkdir(parents=True, exist_ok=True)
            np.savez(Path(a.save) / f"{split}-{source}.npz", logits=lo, gold=gold, kind=row["kind"])
        acc, f1, rec = scores(lo, gold)
        print(f"| {source} | {row['kind']} | {len(items)} | {len(set(gold))} | {acc:.3f} | {f1:.3f} | {rec:.3f} |", flush=True)
