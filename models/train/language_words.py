"""wordfreq's lists as WORD<TAB>FREQUENCY, one file a language, for `hearken model language train`.

Languages of other scripts are written in Latin letters (anyascii) as und-CODE.tsv: Russian or
Japanese in Latin letters is none of the languages that the model knows.

    pip install wordfreq==3.1.1 anyascii==0.3.3
    python language_words.py OUT
"""
import sys
from pathlib import Path

import wordfreq
from anyascii import anyascii

LATIN = "ca cs da de en es fi fil fr hu id is it lt lv ms nb nl pl pt ro sh sk sl sv tr vi".split()
OTHER = "bg bn el fa he ja ko mk ru ta uk zh".split()
CODES = {"sh": "hr"}  # wordfreq's macro language; in Latin letters we say Croatian
MOST_WORDS, MOST_OTHER = 30_000, 8_000


def is_latin(word):
    return any(c.isalpha() for c in word) and all(
        ord(c) <= 0x24F or 0x1E00 <= ord(c) < 0x1F00 for c in word)


def write(path, pairs):
    path.write_text("".join(f"{word}\t{frequency:.3g}\n" for word, frequency in pairs), encoding="utf-8")


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for code in LATIN:
        words = wordfreq.get_frequency_dict(code, wordlist="best").items()
        write(out / f"{CODES.get(code, code)}.tsv", [p for p in words if is_latin(p[0])][:MOST_WORDS])
    for code in OTHER:
        words = list(wordfreq.get_frequency_dict(code, wordlist="best").items())[:MOST_OTHER]
        write(out / f"und-{code}.tsv", [(anyascii(word).lower(), frequency) for word, frequency in words
                                        if word.isalpha() and not word.isascii()])
