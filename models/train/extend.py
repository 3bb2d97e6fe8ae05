"""A model of ours with more pieces: a base for texts that its own vocabulary cuts into crumbs.

extend.py --data DATA --model ../hearken-en --recipe recipes/codemix.json --out BASE

WordPiece is trained on the recipe's texts; pieces that the model lacks are added behind its own,
each with the mean of the vectors of the pieces that it was cut into before. `tokenizer.small.json`
is the old vocabulary: what it gives are inputs of the new model too.
"""
import argparse
import json
import random
import shutil
import unicodedata
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, trainers

from data import build_mix, prepare, record, sha256

VECTORS = "bert.embeddings.word_embeddings.weight"


def new_pieces(old, texts, size, at_least):
    """Emoji, and pieces of two letters and more, that a vocabulary of `size` has and the old one has not."""
    fresh = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    fresh.normalizer, fresh.pre_tokenizer = old.normalizer, old.pre_tokenizer
    fresh.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=at_least, special_tokens=["[UNK]"], show_progress=False))
    known = old.get_vocab()
    return sorted(p for p in fresh.get_vocab()
                  if p not in known and (len(p.lstrip("#")) > 1 or unicodedata.category(p[-1]).startswith("S")))


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--data", required=True)
    ap.add_argument("--model", required=True, type=Path)
    ap.add_argument("--recipe", required=True, type=Path)
    ap.add_argument("--out", required=True, type=Path)
    a = ap.parse_args()
    recipe = json.loads(a.recipe.read_text())
    a.out.mkdir(parents=True, exist_ok=True)

    old = Tokenizer.from_file(str(a.model / "tokenizer.json"))
    mix, files = build_mix(a.data, recipe, random.Random(recipe["seed"]))
    texts = [prepare(r["text"]) for r in mix if r["source"] not in recipe["pieces"]["except"]]
    pieces = new_pieces(old, texts, recipe["pieces"]["size"], recipe["pieces"]["at_least"])

    state = load_file(a.model / "model.safetensors")
    vectors = state[VECTORS].float()
    means = [vectors[old.encode(piece.lstrip("#"), add_special_tokens=False).ids].mean(0) for piece in pieces]
    state[VECTORS] = torch.cat([vectors, torch.stack(means)]).to(state[VECTORS].dtype)
    save_file(state, a.out / "model.safetensors", metadata={"format": "pt"})

    tokenizer = json.loads(old.to_str())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary |= {piece: len(vocabulary) + place for place, piece in enumerate(pieces)}
    (a.out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    shutil.copy(a.model / "tokenizer.json", a.out / "tokenizer.small.json")
    config = json.loads((a.model / "config.json").read_text())
    config |= {"vocab_size": len(vocabulary), "hidden_dropout_prob": recipe["dropout"],
               "attention_probs_dropout_prob": recipe["dropout"]}
    (a.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    record(a.out, recipe=recipe, files=files, model_sha256=sha256(a.model / "model.safetensors"))
    print(f"{len(pieces)} pieces added, {len(vocabulary)} in all")


if __name__ == "__main__":
    main()
