"""Every text that hearken-multi learns from or is chosen by, packed into arrays of token ids.

The arrays (RUN/train.npz, RUN/dev.npz, RUN/sources.json) are all that the machine with the GPU
needs besides RUN/base.npz. Never reads test texts, except to leave them out; never reads
tests/fixtures.
"""
import argparse
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import regex
from tokenizers import Tokenizer

import toward
from data import (LABELS, MAX_BRAND_PIECES, load, manifest, named, pieces, prepare, record, sha256, told_apart)
from data import NEVER_TRAIN as NEVER_IN_ENGLISH
from multi.romanise import romanise
from multi.tokens import KIND_TOKENS, LANG_TOKENS, MAX_TOKENS, SPECIALS

# hearken-en leaves fdu_amazon_reviews out to have an unseen domain of reviews; here its train
# split is used. it_sentipolc16 is for research only.
NEVER_TRAIN = NEVER_IN_ENGLISH - {"fdu_amazon_reviews"} | {"it_sentipolc16"}
HERE = Path(__file__).parent
AROUND = 4  # <s> KIND LANG … </s>
INDIC = regex.compile(r"[\u0900-\u097f\u0c00-\u0c7f]")
# The brands that two sources of brand tweets speak of; their labels are toward the brand.
BRANDS = regex.compile(
    r"(?i)\b(borderlands(?: ?3)?|call of duty|cod|amazon|overwatch|xbox(?: series x)?|nba ?2k(?:\d\d)?|dota ?2?"
    r"|ps ?5|playstation ?5?|world of warcraft|warcraft|wow|cs ?go|counter[- ]strike|gta ?(?:v|5|online)?"
    r"|grand theft auto|assassin'?s? creed|apex(?: legends)?|league of legends|lol|fortnite|microsoft"
    r"|hearthstone|battlefield(?: ?[v5])?|pubg|verizon|home ?depot|fifa(?: ?\d\d)?"
    r"|red dead(?: redemption)?(?: 2)?|rdr2?|nvidia|google|facebook|johnson ?(?:&|and) ?johnson(?:'s)?|j&j"
    r"|cyberpunk(?: ?2077)?|madden(?: ?nfl)?(?: ?\d\d)?|tom clancy'?s?|rainbow six|ghost recon|the division"
    r"|ipad ?2?|iphone|apple|android|itunes)\b")
OFTEN_A_WORD = {"lol", "cod", "wow"}
PUT_IN = ["{brand} {text}", "@{brand} {text}", "{text} {brand}", "{text} #{brand}", "{brand}: {text}",
          "{text} - {brand}"]
LONGEST_TO_PUT_IN = 400


def example(text, labels, source, kind, lang, brand=None):
    """One text. `labels` are the classes that it may have; with a brand they are toward it."""
    return {"text": named(text, brand) if brand else text, "labels": labels, "source": source, "kind": kind,
            "lang": lang, "brand": brand}


def brand_in(text):
    found = BRANDS.findall(prepare(text))
    return next((name for name in found if name.lower() not in OFTEN_A_WORD), found[0] if found else None)


def sources_of(data, split, recipe):
    """(source, kind) of a split, those left out that may not be used."""
    for (source, of), row in sorted(manifest(data).items()):
        if of != split or (split == "train" and source in NEVER_TRAIN):
            continue
        if row["licence_class"] not in recipe["licence_classes"]:
            print(f"left out for its licence class {row['licence_class']}: {source}", flush=True)
            continue
        yield source, row["kind"]


def labelled(data, recipe, rng):
    """The train texts, and as further texts those with a known brand and the romanised ones."""
    texts, romanised, files = [], [], {}
    for source, kind in sources_of(data, "train", recipe):
        rows = load(data, "train", source)
        files[f"train/{source}.jsonl.gz"] = sha256(Path(data) / f"train/{source}.jsonl.gz")
        if source in recipe["at_most"]:
            rows = rng.sample(rows, recipe["at_most"][source])
        for row in rows:
            text, labels, lang = row["text"], [row["label"]], row["lang"]
            texts.append(example(text, labels, source, kind, lang))
            if source in recipe["brands_found_in"] and (brand := brand_in(text)):
                texts.append(example(text, labels, f"{source}_pair", "post", lang, brand))
            if lang in ("hi", "te") and INDIC.search(text) and rng.random() < recipe["romanised_share"]:
                romanised.append(example(romanise(text), labels, f"{source}_roman", kind, lang))
    return texts + romanised, files


def toward_brands(recipe, rng):
    """Made sentences with a sentiment toward each brand in them (../toward.py)."""
    made = toward.generate(recipe["toward"]["pairs"], recipe["toward"]["seed"])
    return [example(m["text"], [m["label"]], f"toward_{m['lang']}", rng.choice(["post"] * 3 + ["review"]),
                    m["lang"], m["brand"]) for m in made]


def brands_put_in(texts, names, n, rng):
    """Ordinary texts with a brand in front or behind: what is said is then said of the brand."""
    pool = [t for t in texts if t["brand"] is None and len(t["labels"]) == 1
            and len(t["text"]) < LONGEST_TO_PUT_IN and not t["source"].endswith("_roman")]
    out = []
    for t in rng.sample(pool, n):
        brand, layout = rng.choice(names), rng.choice(PUT_IN)
        written = brand.replace(" ", "") if "@" in layout or "#" in layout else brand
        out.append(example(layout.format(brand=written, text=t["text"]), t["labels"], f"named_{t['lang']}",
                           t["kind"], t["lang"], brand))
    return out


def train_texts(data, recipe):
    rng = random.Random(recipe["seed"])
    texts, files = labelled(data, recipe, rng)
    more, more_files = told_apart(data, recipe, rng)
    texts += [example(m["text"], m["labels"], m["source"], m["kind"], "en") for m in more]
    files |= {f["file"]: f["sha256"] for f in more_files}
    made = toward_brands(recipe, rng)
    put_in = brands_put_in(texts, [m["brand"] for m in made], recipe["brands_put_in"], rng)
    return texts + made + put_in, files


def dev_texts(data, recipe):
    """Dev texts choose among runs. A source of brand tweets is there once more, toward its brands;
    that share of dev is printed and does not choose."""
    texts, files = [], {}
    for source, kind in sources_of(data, "dev", recipe):
        files[f"dev/{source}.jsonl.gz"] = sha256(Path(data) / f"dev/{source}.jsonl.gz")
        for row in load(data, "dev", source):
            texts.append(example(row["text"], [row["label"]], source, kind, row["lang"]))
            if source == "entity_brand_tweets" and (brand := brand_in(row["text"])):
                texts.append(example(row["text"], [row["label"]], f"{source}_pair", "post", "en", brand))
    return texts, files


def ragged(rows):
    """Lists of ids one behind the other, and where each ends."""
    return (np.fromiter((i for row in rows for i in row), np.uint16),
            np.cumsum([len(row) for row in rows], dtype=np.uint32))


def pieces_in_parts(tokenizer, texts, room, part=5000):
    """As `pieces`, with memory for a part of the texts only."""
    return [ids for start in range(0, len(texts), part)
            for ids in pieces(tokenizer, texts[start:start + part], room)]


def packed(tokenizer, texts, sources):
    """The arrays of a split: ids of text and brand, allowed labels as bits, source, kind and language."""
    ids = pieces_in_parts(tokenizer, [t["text"] for t in texts], MAX_TOKENS - AROUND)
    brands = pieces_in_parts(tokenizer, [t["brand"] or "" for t in texts], MAX_BRAND_PIECES)
    ids = [text[:MAX_TOKENS - AROUND - (len(brand) + 1 if brand else 0)] for text, brand in zip(ids, brands)]
    (text_ids, text_ends), (brand_ids, brand_ends) = ragged(ids), ragged(brands)
    return {"text_ids": text_ids, "text_ends": text_ends, "brand_ids": brand_ids, "brand_ends": brand_ends,
            "labels": np.array([sum(1 << LABELS.index(x) for x in t["labels"]) for t in texts], np.uint8),
            "source": np.array([sources.index(t["source"]) for t in texts], np.uint16),
            "kind": np.array([SPECIALS.index(KIND_TOKENS[t["kind"]]) for t in texts], np.uint8),
            "lang": np.array([SPECIALS.index(LANG_TOKENS[t["lang"]]) for t in texts], np.uint8)}


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--data", required=True)
    ap.add_argument("--run", required=True)
    ap.add_argument("--recipe", default=HERE / "recipes/mix.json")
    a = ap.parse_args()
    run, recipe = Path(a.run), json.loads(Path(a.recipe).read_text())
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    splits = {"train": train_texts(a.data, recipe), "dev": dev_texts(a.data, recipe)}
    sources = sorted({t["source"] for texts, _ in splits.values() for t in texts})
    (run / "sources.json").write_text(json.dumps(sources))
    for split, (texts, _) in splits.items():
        np.savez_compressed(run / f"{split}.npz", **packed(tokenizer, texts, sources))
        print(split, len(texts), dict(Counter(t["source"] for t in texts)), flush=True)
    record(run, mix={"recipe": recipe, "files": {k: v for _, files in splits.values() for k, v in files.items()},
                     "toward": {p.name: sha256(p) for p in sorted(toward.HERE.glob("*.txt"))},
                     "packed": {f"{split}.npz": sha256(run / f"{split}.npz") for split in splits}})


if __name__ == "__main__":
    main()
