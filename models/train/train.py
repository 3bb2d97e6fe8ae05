"""Fine-tunes the base encoder on the mix of a recipe. Stops and resumes at any checkpoint.

A recipe may ask for more than sources: `label_smoothing`; `hide`, the share of pieces that are
masked; `whole_pieces`, the share of texts that are cut by `tokenizer.json` while the others are
cut into the smaller pieces of `tokenizer.small.json` (both by extend.py); `embeddings_lr`; the
dev files to `watch`.

The loss is cross-entropy on logits + tau * log(class prior of the text's source): a model that
need not repeat the class balance of whoever collected a source (Menon et al. 2021). A class that
a source never uses is masked out for its texts, so two-class sources say nothing about neutral.
"""
import argparse
import json
import math
import os
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

import torch
import transformers
from transformers import BertForSequenceClassification

from data import LABELS, Encoder, build_mix, is_latin, load, manifest, sha256
from evaluate import logits_of, pad, scores

WATCH = ["tweeteval_sentiment", "entity_brand_tweets", "sst3", "fdu_amazon_reviews"]


def priors(mix, tau):
    """source -> tau * log prior per label; absent labels are masked."""
    counts, kinds = defaultdict(Counter), {}
    for r in mix:
        for label in (labels := r.get("labels", [r["label"]])):
            counts[r["source"]][label] += 1 / len(labels)
        kinds[r["source"]] = r["kind"]
    return {s: [tau[kinds[s]] * math.log(c[lab] / sum(c.values())) if c[lab] else -1e4 for lab in LABELS]
            for s, c in counts.items()}


def batches(lengths, size, rng, group=60):
    """Shuffled batches of texts of about one length."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    out = []
    for i in range(0, len(order), size * group):
        part = sorted(order[i:i + size * group], key=lambda j: lengths[j])
        out += [part[j:j + size] for j in range(0, len(part), size)]
    rng.shuffle(out)
    return out


def inputs(rows, recipe, encoder, rng):
    """The ids of a batch, cut and masked anew each time as the recipe says."""
    whole, hide = recipe.get("whole_pieces"), recipe.get("hide", 0.0)
    batch = [r["ids" if whole is None or rng.random() < whole else "small"] for r in rows]
    if hide:
        batch = [[encoder.mask if 1 < place < len(ids) - 1 and rng.random() < hide else piece
                  for place, piece in enumerate(ids)] for ids in batch]
    return batch


def save(obj, path):
    torch.save(obj, f"{path}.part")
    os.replace(f"{path}.part", path)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--data", required=True)
    ap.add_argument("--base", required=True)
    ap.add_argument("--run", required=True, help="folder for checkpoints and the log, outside the repository")
    ap.add_argument("--recipe", required=True)
    ap.add_argument("--init", help="start from these weights instead of the base's")
    ap.add_argument("--seed", type=int, help="instead of the recipe's, for another run of it")
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--steps", type=int, help="stop early, to try something out")
    ap.add_argument("--every", type=int, default=1000, help="steps between checkpoints")
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    run = Path(a.run)
    run.mkdir(parents=True, exist_ok=True)
    recipe = json.loads(Path(a.recipe).read_text())
    recipe["seed"] = a.seed or recipe["seed"]
    random.seed(recipe["seed"])
    torch.manual_seed(recipe["seed"])

    encoder = Encoder(Path(a.base) / "tokenizer.json")
    encoders = {"ids": encoder}
    if "whole_pieces" in recipe:
        encoders["small"] = Encoder(Path(a.base) / "tokenizer.small.json")
    epochs, plan = [], []
    for e in range(recipe["epochs"]):  # capped sources and joined texts are drawn anew each epoch
        rng = random.Random(recipe["seed"] * 1000 + e)
        mix, files = build_mix(a.data, recipe, rng)
        for kind in ("post", "review"):
            part = [r for r in mix if r["kind"] == kind]
            for name, cut in encoders.items():
                for r, ids in zip(part, cut([r["text"] for r in part], [kind] * len(part),
                                            recipe["max_tokens"][kind])):
                    r[name] = ids
        bias = priors(mix, recipe["tau"])
        for r in mix:
            r["bias"] = bias[r["source"]]
            r["barred"] = [0.0 if lab in r.get("labels", [r["label"]]) else -1e4 for lab in LABELS]
        epochs.append(mix)
        plan += [(e, b) for b in batches([len(r["ids"]) for r in mix], recipe["batch"], rng)]
        print(f"epoch {e}: {len(mix)} texts, {sum(len(r['ids']) for r in mix)} tokens,",
              dict(Counter(r["source"] for r in mix)), flush=True)
    (run / "files.json").write_text(json.dumps(
        {"recipe": recipe, "files": files, "base_sha256": sha256(Path(a.base) / "model.safetensors"),
         "torch": torch.__version__, "transformers": transformers.__version__}, indent=1))

    watch, rng = {}, random.Random(1)
    for source in recipe.get("watch", WATCH):
        items = [r for r in load(a.data, "dev", source) if not recipe.get("latin") or is_latin(r["text"])]
        rng.shuffle(items)
        watch[source] = (items[:500], manifest(a.data)[source, "dev"]["kind"])

    model = BertForSequenceClassification.from_pretrained(a.base, num_labels=len(LABELS),
                                                          attn_implementation="sdpa")
    if a.init:
        model.load_state_dict(torch.load(a.init, weights_only=True))
    lr_of_pieces = recipe.get("embeddings_lr")
    pieces = model.bert.embeddings.word_embeddings.weight if lr_of_pieces else None
    decay = [p for p in model.parameters() if p.dim() > 1 and p is not pieces]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decay, "weight_decay": recipe["weight_decay"]}, {"params": rest, "weight_decay": 0.0}]
    if lr_of_pieces:
        groups.append({"params": [pieces], "weight_decay": 0.0, "lr": lr_of_pieces})
    opt = torch.optim.AdamW(groups, lr=recipe["lr"], fused=True)
    total = len(plan)
    warm = max(1, int(total * recipe["warmup"]))
    sched = torch.optim.lr_scheduler.LambdaLR(
        opt, lambda s: min((s + 1) / warm, max(0.0, (total - s) / (total - warm))))
    start, latest = 0, run / "latest.pt"
    if latest.exists():
        c = torch.load(latest, weights_only=False)
        model.load_state_dict(c["model"])
        opt.load_state_dict(c["opt"])
        sched.load_state_dict(c["sched"])
        torch.set_rng_state(c["rng"])
        random.setstate(c["random"])
        start = c["step"]
        print(f"resumed at step {start}", flush=True)

    began, tokens, texts, running = time.time(), 0, 0, 0.0
    for step in range(start, min(total, a.steps or total)):
        model.train()
        e, index = plan[step]
        rows = [epochs[e][i] for i in index]
        x, mask = pad(inputs(rows, recipe, encoder, random), encoder.pad)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(input_ids=x, attention_mask=mask).logits
        bias = torch.tensor([r["bias"] for r in rows])
        logits = torch.log_softmax(logits.float() + bias, 1)
        # The probability of the classes that the text may have; for most texts that is one.
        right = (logits + torch.tensor([r["barred"] for r in rows])).logsumexp(1)
        used = (bias > -1e3).float()
        even = (logits * used).sum(1) / used.sum(1)
        loss = -(right.lerp(even, recipe.get("label_smoothing", 0.0))).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe["clip"])
        opt.step()
        opt.zero_grad()
        sched.step()
        tokens, texts = tokens + x.numel(), texts + len(rows)
        running = loss.item() if step == start else 0.99 * running + 0.01 * loss.item()
        done = step + 1
        if done % 100 == 0:
            t = time.time() - began
            print(f"step {done}/{total} loss {running:.4f} {texts / t:.1f} texts/s {tokens / t:.0f} tokens/s "
                  f"left {(total - done) * t / (done - start) / 60:.1f} min", flush=True)
        if done % a.every == 0 or done == total:
            save({"model": model.state_dict(), "opt": opt.state_dict(), "sched": sched.state_dict(),
                  "rng": torch.get_rng_state(), "random": random.getstate(), "step": done}, latest)
            save(model.state_dict(), run / f"step{done}.pt")
            rng_state = torch.get_rng_state()
            model.eval()
            for source, (items, kind) in watch.items():
                lo = logits_of(model, encoder, [i["text"] for i in items], [kind] * len(items),
                               recipe["max_tokens"][kind], autocast=True)
                print(f"  dev {source}: acc %.3f f1 %.3f recall %.3f" % scores(lo, [i["label"] for i in items]),
                      flush=True)
            torch.set_rng_state(rng_state)


if __name__ == "__main__":
    main()
