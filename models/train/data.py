"""Texts: the preparation and encoding that the Rust side repeats exactly, and the training mix."""
import csv
import functools
import gzip
import hashlib
import json
import random
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import regex
from tokenizers import Tokenizer

from multi.romanise import romanise

LABELS = ["negative", "neutral", "positive"]
KIND_TOKENS = {"post": "[unused1]", "comment": "[unused1]", "question": "[unused1]",
               "article": "[unused1]", "review": "[unused2]"}
# For testing only: never read from train or dev, whatever the folders hold.
# fdu_amazon_reviews has a train split, but is kept as an unseen domain of hearken-en;
# hearken-multi is trained on it (multi/mix.py).
NEVER_TRAIN = {"us_airline_tweets", "kotzias_sentences", "s140_manual_test", "sts_gold_tweets",
               "umsab_en", "tweeteval_sentiment", "fdu_amazon_reviews"}

LINK = regex.compile(r"(?i)\b(?:https?://|www\.)\S+")
HANDLE = regex.compile(r"(^|[^\w@/.])@\w+")
SPACE = regex.compile(r"\s+")


def prepare(text):
    """NFC, links to `http`, handles to `@user`, white space folded."""
    text = unicodedata.normalize("NFC", text)
    text = LINK.sub("http", text)
    text = HANDLE.sub(r"\1@user", text)
    return SPACE.sub(" ", text).strip(" ")


TAG = regex.compile(r"[@#]([\w.\-]+)")


def bare(name):
    """A name without what handles and hashtags leave out or change."""
    return regex.sub(r"[\s._\-]", "", name).replace("İ", "i").lower().replace("ı", "i")


def named(text, brand):
    """A @handle or #hashtag that equals the brand, written as the brand's name: `prepare` would
    hide it otherwise, and the model could not see of whom the text speaks."""
    return TAG.sub(lambda tag: brand if bare(tag.group(1)) == bare(brand) else tag.group(), text)


class Encoder:
    """`[CLS] KIND pieces [SEP]`, at most `max_tokens` in all."""

    def __init__(self, tokenizer_json):
        self.tok = Tokenizer.from_file(str(tokenizer_json))
        self.tok.no_truncation()
        self.tok.no_padding()
        self.cls, self.sep, self.pad, self.mask = (
            self.tok.token_to_id(t) for t in ("[CLS]", "[SEP]", "[PAD]", "[MASK]"))
        self.kind = {k: self.tok.token_to_id(t) for k, t in KIND_TOKENS.items()}

    def __call__(self, texts, kinds, max_tokens):
        encoded = self.tok.encode_batch([prepare(t) for t in texts], add_special_tokens=False)
        return [[self.cls, self.kind[k], *e.ids[:max_tokens - 3], self.sep]
                for e, k in zip(encoded, kinds)]


# As in src/classify/model/encode.rs.
MAX_CHARS_PER_TOKEN = 48
MAX_BRAND_PIECES = 16


def pieces(tokenizer, texts, room):
    """Per text the ids of its first `room` pieces."""
    ready = [prepare(text[:room * MAX_CHARS_PER_TOKEN]) for text in texts]
    return [e.ids[:room] for e in tokenizer.encode_batch(ready, add_special_tokens=False)]


class TowardEncoder:
    """`<s> KIND LANG pieces </s>`, with a brand `… </s> brand </s>`, for a model whose hearken.json
    has tables of kinds and languages. A text that is too long loses its end; the Rust side, told
    where the brand stands, cuts around it."""

    def __init__(self, tokenizer_json, hearken):
        self.tok = Tokenizer.from_file(str(tokenizer_json))
        self.cls, self.sep, self.pad = map(self.tok.token_to_id, ("<s>", "</s>", "<pad>"))
        self.kinds = {k: self.tok.token_to_id(t) for k, t in hearken["kind_tokens"].items()}
        self.langs = {k: self.tok.token_to_id(t) for k, t in hearken["lang_tokens"].items()}
        self.max_tokens = hearken["max_tokens"]

    def lang(self, lang):
        lang = lang or "und"
        return self.langs.get(lang) or self.langs.get(lang.split("-")[0]) or self.langs["und"]

    def __call__(self, text, kind, lang=None, brand=None):
        """The ids, and how many of them are the first segment."""
        second = [*pieces(self.tok, [brand], MAX_BRAND_PIECES)[0], self.sep] if brand else []
        first = [self.cls, self.kinds[kind], self.lang(lang)]
        first += pieces(self.tok, [text], self.max_tokens - len(first) - 1 - len(second))[0] + [self.sep]
        return first + second, len(first)


def manifest(data):
    """(source, split) -> its row."""
    with open(Path(data) / "MANIFEST.tsv", encoding="utf-8") as f:
        return {(r["source"], r["split"]): r for r in csv.DictReader(f, delimiter="\t")}


def load(data, split, source):
    with gzip.open(Path(data) / split / f"{source}.jsonl.gz", "rt", encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def load_triage(data, source):
    with gzip.open(Path(data) / "triage" / "train" / f"{source}.jsonl.gz", "rt", encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def record(run, **entries):
    """Adds to RUN/files.json, which says what a run was made from."""
    path = Path(run) / "files.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | entries, indent=1, ensure_ascii=False) + "\n")


def capped(rows, caps, rng):
    """At most caps[label] rows of each label (no cap: all), drawn at random."""
    by_label = defaultdict(list)
    for r in rows:
        by_label[r["label"]].append(r)
    out = []
    for label in LABELS:
        have = by_label[label]
        rng.shuffle(have)
        out += have[:caps.get(label, len(have))]
    return out


def joined_reviews(pool, n, rng):
    """Longer made-up reviews: two to six short ones of one label from different sources, joined.

    One in four of the long ones carries one text of the opposite label, as real reviews do.
    """
    by_label = {lab: [r for r in pool if r["label"] == lab] for lab in ("negative", "positive")}
    out = []
    for i in range(n):
        label, other = ("negative", "positive") if i % 2 else ("positive", "negative")
        size = rng.randint(2, 6)
        parts = [r["text"].strip() for r in rng.sample(by_label[label], size)]
        if size >= 4 and rng.random() < 0.25:
            parts[rng.randrange(size)] = rng.choice(by_label[other])["text"].strip()
        text = " ".join(p if p and p[-1] in ".!?" else p + rng.choice([".", " .", ",", "!"])
                        for p in parts)
        out.append({"text": text, "label": label, "source": "joined", "kind": "review"})
    return out


def told_apart(data, recipe, rng):
    """Texts labelled for another task that say something of sentiment too: a complaint is
    negative, what is none is not; anger and sadness are negative, joy and optimism positive.
    Returns (examples, files). `labels` lists the classes that a text may have."""
    mix, files = [], []
    for source, meaning in recipe.get("told_by", {}).items():
        path = Path(data) / "triage" / "train" / f"{source}.jsonl.gz"
        rows = [r for r in load_triage(data, source) if r["label"] in meaning and plain(r["text"]) not in tested(data)]
        mix += [{"text": r["text"], "labels": meaning[r["label"]], "label": meaning[r["label"]][0],
                 "source": source, "kind": "post"} for r in rows]
        files.append({"file": f"triage/train/{source}.jsonl.gz", "kind": "post",
                      "sha256": sha256(path), "used": dict(Counter(r["label"] for r in rows))})
    return mix, files


def plain(text):
    return " ".join(regex.findall(r"\w+", prepare(text).lower()))


@functools.cache
def tested(data):
    """Every test text in plain form: nothing of it is trained on."""
    return {plain(r["text"]) for path in (Path(data) / "test").glob("*.jsonl.gz")
            for r in load(data, "test", path.name.split(".")[0]) if r["lang"] == "en"}


def is_latin(text):
    """Whether most letters are Latin, as `Input::written` asks."""
    letters = [c for c in text if c.isalpha()]
    return 2 * sum(c.isascii() for c in letters) > len(letters)


def in_latin(rows, n_romanised, rng):
    """The rows in Latin letters, and up to so many of the others written in them."""
    others = [r for r in rows if not is_latin(r["text"])]
    copies = [{**r, "text": romanise(r["text"])} for r in rng.sample(others, min(n_romanised, len(others)))]
    return [r for r in [*rows, *copies] if is_latin(r["text"])]


def build_mix(data, recipe, rng):
    """The texts of one epoch. Returns (examples, files) where files records what was read."""
    rows_of = manifest(data)
    allowed = set(recipe["licence_classes"])
    mix, files = [], []
    for source, caps in recipe["sources"].items():
        row = rows_of[source, "train"]
        assert source not in NEVER_TRAIN and row["lang"] in recipe.get("languages", ["en"]), source
        if row["licence_class"] not in allowed:
            print(f"left out for its licence class {row['licence_class']}: {source}", flush=True)
            continue
        rows = load(data, "train", source)
        if recipe.get("latin"):
            rows = in_latin(rows, recipe.get("romanised", {}).get(source, 0), rng)
        rows = capped(rows, caps, rng)
        # What is no review is judged as a post.
        kind = "review" if row["kind"] == "review" else "post"
        mix += [{"text": r["text"], "label": r["label"], "source": source, "kind": kind} for r in rows]
        files.append({"file": f"train/{source}.jsonl.gz", "kind": kind,
                      "licence_class": row["licence_class"],
                      "sha256": sha256(Path(data) / "train" / f"{source}.jsonl.gz"),
                      "used": dict(Counter(r["label"] for r in rows))})
        # Complaints about a service read alike wherever they stand; posts have too few of them.
        if source in recipe.get("also_as_post", {}):
            extra = capped([r for r in rows if r["label"] != "neutral"], recipe["also_as_post"][source], rng)
            mix += [{"text": r["text"], "label": r["label"], "source": f"{source}_as_post", "kind": "post"}
                    for r in extra]
    pool = [r for r in mix if r["source"] in recipe["join_from"] and len(r["text"]) < 300]
    mix += joined_reviews(pool, recipe["joined"], rng)
    more, more_files = told_apart(data, recipe, rng)
    mix += more
    files += more_files
    return mix, files
