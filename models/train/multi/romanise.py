"""Devanagari and Telugu in the Latin letters that people type: informal, without marks.

Not a transliteration standard: vowel length is mostly dropped, Hindi's silent final and
medial schwas are left out, as in chat messages ("bahut", "accha", "chala bagundi").
"""
import re

_DEV_CONS = dict(zip("कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहळ",
                     "k kh g gh n ch chh j jh n t th d dh n t th d dh n p ph b bh m y r l v sh sh s h l".split()))
_DEV_CONS.update({"क़": "q", "ख़": "kh", "ग़": "g", "ज़": "z", "ड़": "d", "ढ़": "dh", "फ़": "f"})
_DEV_VOWEL = {"अ": "a", "आ": "aa", "इ": "i", "ई": "i", "उ": "u", "ऊ": "u", "ऋ": "ri", "ए": "e", "ऐ": "ai",
              "ओ": "o", "औ": "au", "ऑ": "o"}
_DEV_SIGN = {"ा": "a", "ि": "i", "ी": "i", "ु": "u", "ू": "u", "ृ": "ri", "े": "e", "ै": "ai", "ो": "o",
             "ौ": "au", "ॉ": "o"}
_TEL_CONS = dict(zip("కఖగఘఙచఛజఝఞటఠడఢణతథదధనపఫబభమయరలవశషసహళఱ",
                     "k kh g gh n ch ch j jh n t th d dh n t th d dh n p ph b bh m y r l v sh sh s h l r".split()))
_TEL_VOWEL = {"అ": "a", "ఆ": "aa", "ఇ": "i", "ఈ": "ee", "ఉ": "u", "ఊ": "oo", "ఋ": "ru", "ఎ": "e", "ఏ": "e",
              "ఐ": "ai", "ఒ": "o", "ఓ": "o", "ఔ": "au"}
_TEL_SIGN = {"ా": "a", "ి": "i", "ీ": "i", "ు": "u", "ూ": "u", "ృ": "ru", "ె": "e", "ే": "e", "ై": "ai",
             "ొ": "o", "ో": "o", "ౌ": "au"}
_DIGITS = {ord(d): str(i) for base in ("०१२३४५६७८९", "౦౧౨౩౪౫౬౭౮౯") for i, d in enumerate(base)}
_WORD = re.compile(r"[\u0900-\u0963\u0c00-\u0c63]+")


_NASAL = "\u0902\u0901\u0c02\u0c01"
_BREATH = "\u0903\u0c03"
_LABIAL = "पफबभमపఫబభమ"
_NUKTA = "़"


def _syllables(word, hindi):
    """(letters, has an inherent vowel that may fall silent) for each sign of a word."""
    cons, vowel, sign, virama = ((_DEV_CONS, _DEV_VOWEL, _DEV_SIGN, "्") if hindi
                                 else (_TEL_CONS, _TEL_VOWEL, _TEL_SIGN, "్"))
    i = 0
    while i < len(word):
        length = 2 if hindi and word[i:i + 2] in cons else 1
        letters = cons.get(word[i:i + length])
        if letters is None:
            if word[i] in vowel:
                yield vowel[word[i]], False
            elif word[i] in _NASAL:
                at_end = i + 1 == len(word)
                yield ("m" if (not hindi if at_end else word[i + 1] in _LABIAL) else "n"), False
            elif word[i] in _BREATH:
                yield "h", False
            i += 1
            continue
        i += length
        i += word[i:i + 1] == _NUKTA
        after = word[i:i + 1]
        if after == virama:
            yield letters, False
        elif after in sign:
            yield letters + sign[after], False
        else:
            yield letters + "a", True
            continue
        i += 1


def _without_silent_vowels(syllables):
    """Hindi leaves the inherent vowel out at a word's end and between two sounded syllables."""
    out = list(syllables)
    for k, (letters, inherent) in enumerate(out):
        last = k == len(out) - 1 and k > 0
        medial = (0 < k < len(out) - 1 and out[k - 1][0][-1] in "aeiou" and out[k + 1][0][-1] in "aeiou"
                  and not out[k + 1][1])
        if inherent and (last or medial):
            out[k] = (letters[:-1], False)
    return out


def _word(match):
    word = match.group()
    hindi = word[0] < "\u0c00"
    syllables = _syllables(word, hindi)
    return "".join(letters for letters, _ in (_without_silent_vowels(syllables) if hindi else syllables))


def romanise(text):
    """The text with its Devanagari and Telugu words in Latin letters."""
    return _WORD.sub(_word, text.translate(_DIGITS)).replace("।", ".")
