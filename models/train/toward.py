#!/usr/bin/env python3
"""Training data for sentiment *toward a brand*, from sentence templates.

    python3 toward.py --n 20 --seed 1          prints JSON Lines
    python3 toward.py --check                  counts the templates and tests the suffix helper

`generate(n, seed)` returns dictionaries {"text", "brand", "lang", "kind", "label"}. A template with two
brands gives two examples with the same text, one for each brand, so that pairs with opposite labels
appear. The labels are written beside each template by hand (`toward/{en,tr,hi,te}.txt`), never computed.

Template files: `# kind` opens a section; a line is `LABELS text`, one label sign for each slot in the order
A, B: `-` negative, `0` neutral, `+` positive. `<x|y|>` stands for one of its choices. `{A}` is a name; in
Turkish `{A:acc}`, `gen`, `dat`, `loc`, `abl`, `ins`, `ki`, `q` (mı) and `too` (da) add the suffix by vowel
harmony. The section `pool` holds neutral sentences with no brand, put before or after some texts.

None of this may be copied from tests/fixtures/toward_brand, and the names kept for that set
(RESERVED) are never drawn.
"""
import argparse
import collections
import json
import pathlib
import random
import re
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent / "toward"
LANGS = ("en", "tr", "hi", "te")
LABELS = {"-": "negative", "0": "neutral", "+": "positive"}
RESERVED = {"acme", "globex", "initech", "umbrella", "contoso", "hooli", "northwind", "fabrikam", "soylent",
            "wonka", "cyberdyne", "tyrell", "vandelay", "stark", "wayne", "piedpiper", "massivedynamic"}
SLOT = re.compile(r"\{([AB])(?::(\w+))?\}")
CHOICE = re.compile(r"<([^<>]*)>")
NATIVE = {"hi": re.compile("[\u0900-\u097f]"), "te": re.compile("[\u0c00-\u0c7f]")}

# ---------------------------------------------------------------- Turkish suffixes

DIGITS = {"0": "sıfır", "1": "bir", "2": "iki", "3": "üç", "4": "dört", "5": "beş", "6": "altı", "7": "yedi",
          "8": "sekiz", "9": "dokuz"}
TENS = {"10": "on", "20": "yirmi", "30": "otuz", "40": "kırk", "50": "elli", "60": "altmış", "70": "yetmiş",
        "80": "seksen", "90": "doksan", "00": "yüz"}
VOWELS = "aeıioöuüâîû"


TURKISH = re.compile("[çğıöşüÇĞİÖŞÜ]")


def turkish_lower(text):
    return text.replace("İ", "i").replace("I", "ı").lower()


def spoken(name):
    """The end of the name as it is read aloud, in lower case."""
    if name[-1].isdigit():
        return TENS.get(name[-2:], DIGITS[name[-1]])
    if name.isalpha() and name.isupper() and not set(name[-2:].lower()) & set(VOWELS):
        return "iks" if name[-1] == "X" else name[-1].lower() + "e"  # letters are read out: te-pe-le
    # an all-capital or mixed foreign name has I for i far more often than for ı
    low = name.replace("İ", "i").lower().replace("i̇", "i")
    if low.endswith("y") and (len(low) < 2 or low[-2] not in VOWELS):
        low = low[:-1] + "i"
    return low


def suffix(name, case):
    """The Turkish suffix of `case` for `name`, without the apostrophe."""
    word = spoken(name)
    vowels = [c for c in word if c in VOWELS]
    last = {"â": "a", "î": "i", "û": "u"}.get(vowels[-1], vowels[-1]) if vowels else "e"
    two = "a" if last in "aıou" else "e"
    four = {"a": "ı", "ı": "ı", "e": "i", "i": "i", "o": "u", "u": "u", "ö": "ü", "ü": "ü"}[last]
    open_end = word[-1] in VOWELS
    hard = "t" if word[-1] in "fstkçşhpqx" else "d"
    return {
        "acc": ("y" if open_end else "") + four,
        "gen": ("n" if open_end else "") + four + "n",
        "dat": ("y" if open_end else "") + two,
        "loc": hard + two,
        "abl": hard + two + "n",
        "ins": ("y" if open_end else "") + "l" + two,
        "ki": hard + two + "ki",
        "q": "m" + four,      # the question word and `too` stand apart, without an apostrophe
        "too": "d" + two,
    }[case]


# ---------------------------------------------------------------- brand names

NAMES = """
Zentrava Quillo Lumera Bravex Nordipay Kivora Trelzo Fendril Oparo Vexia Mirtel Solvane Tavio Brunto Kelpa Dorvia
Yumbo Frisco Plexon Arvento Zuppi Galdo Merako Pintra Luxor Velmora Cintex Hexaro Jumpo Karvel Nimbio Ostra Palmex
Qwikko Rovanta Stelio Tundra Ulvara Wexford Xandro Yelda Zorbit Altura Belcan Corvid Dynora Elmira Foxtel Glimt
Haruvo Invexo Jolira Kestrel Lorvik Mondra Nuvio Orbita Pelago Quanta Rigel Sorrel Tamber Umbrio Varda Wilmo Xenra
Yondo Zephyr Ambera Bistro Cobalt Dovetail Ember Falcon Granite Harbor Indigo Juniper Kismet Lantern Maple Nectar
Olive Pebble Quartz Ripple Saffron Thistle Vapor Willow Yarrow Zinnia Badger Comet Drift Echo Flint Glacier Hazel
Iris Jasper Koala Lotus Meadow Nova Otter Panda Raven Sparrow Tiger Unity Viper Walnut Anchor Beacon Cedar Delta
Fable Grove Hive Island Jet Kite Lemon Mosaic Nest Opal Pilot Quest River Summit Torch Urban Vertex Wave Zenith
Bluepeak Redleaf Goldcart Swiftly Cartoo Shopzy Buyloop Dealio Foodzap Eatsy Dishly Chowly Mealio Tiffino Rideo Cabzo
Hopin Flyra Aerovia Skylo Jetora Stayly Roomio Innkeep Bankora Payzo Finlo Cashly Lendio Suretel Insura Covero
Safeguardo Streamix Playra Cinevo Tunely Watcho Phonix Celtel Airwave Netlink Fibra Telvio Simply Datacom Voltra
Gadgeto Techno Elektra Soniva Pixela Vistron Carvo Autora Motoka Drivex Wheelio Trendo Modari Vestio Lookbook Zaraya
Stylo Denima Shoezy Kickers Parfumo Glowee Medix Pharmo Healthio Gymbo Fitora Yogi Petzo Homely Sofaro Mattro Kitcho
7Mart Go24 Plus8 Fly9 Zone5 Net1 Cell4U Take2 3Hearts Bank360 Air77 Club10 Shop99 Store1 Kargo24 Market90 Q8 B12 Tv2Go
zumba kiwi bloomr fetchr tasklet notely snapo lokal eatio gopher trivio walleto kurye yemo tikla getgo
VRX KLM2 TPL NDX QNB1 ZTE5 MRT DKB SLX OBB HVT GNX PRT FZX
Karaca Yıldızcell Çınar Gümüş Bulut Şimşek Deniz Ülker1 Başak Gökkuşağı Kuzey Doğuş Pınarlı Özgür Işıl
Bharat Sagar Ganga Tejas Surya Jyoti Amrit Vijaya Godavari Charmi Nandini Krishna1 Deccan Mayuri Sitara Kaveri
""".split()
TWO_WORDS = [n.strip() for n in """
Blue Harbor, Green Basket, Red Kettle, Silver Fox, Happy Cart, Quick Bite, Royal Ride, Metro Bank2, First Union,
Pacific Air, Coral Airways, Sunrise Hotels, Grand Marlin, Cloud Nine, Prime Line, Star Fiber, North Gate, True Tel,
City Cab, Fresh Farm, Urban Loom, Velvet Row, Iron Gym, Mega Mart, Smart Point, Easy Pay, Pink Parcel, Orange Bike,
Nova Motors, Lion Insurance, Peak Mobile, Moon Pizza, Burger Barn, Noodle House, Tea Junction, Coffee Yard,
Pixel Forge, Deep Sound, Vita Plus, Anadolu Kargo, Mavi Nokta, Ege Market, Yeni Hat, Altın Kapı, Kırmızı Sepet,
Hızlı Kurye, Desi Dukaan, Apna Bazaar, Raja Mobiles, Annapurna Foods, Sri Balaji, Kohinoor Bank, Spice Route,
Hyderabad House, Vizag Mart, Golden Temple Tours
""".replace("\n", " ").split(",")]
DEVANAGARI = [n.strip() for n in """
ज़ेंटेल, लूमेरा, भारत कार्ट, सूर्या, तेजस, ज्योति बैंक, नंदिनी, अमृत, कीवोरा, पेज़ो, फूडज़ैप, शॉपज़ी, राइडो, स्काईलो, नेटलिंक,
देसी दुकान, अपना बाज़ार, राजा मोबाइल्स, कोहिनूर, सितारा, मयूरी, गंगा टेल, डेक्कन, कैशली, वोल्ट्रा, मोटोका, स्टाइलो, मेडिक्स, इंडिगोरा, सागर
""".replace("\n", " ").split(",")]
TELUGU = [n.strip() for n in """
జెంటెల్, లుమేరా, సూర్య, తేజస్, జ్యోతి బ్యాంక్, నందిని, అమృత, కివోరా, పేజో, ఫుడ్‌జాప్, షాప్జీ, రైడో, స్కైలో, నెట్‌లింక్, గోదావరి,
దక్కన్, మయూరి, సితార, కావేరి, శ్రీ బాలాజీ, అన్నపూర్ణ, వైజాగ్ మార్ట్, వోల్ట్రా, మోటోకా, స్టైలో, మెడిక్స్, విజయ, క్యాష్లీ, తారా టెల్, చార్మి
""".replace("\n", " ").split(",")]
BRANDS = list(dict.fromkeys(NAMES + TWO_WORDS))


def draw_brand(rng, lang, native):
    if native and rng.random() < 0.35:
        return rng.choice(DEVANAGARI if lang == "hi" else TELUGU)
    name = rng.choice(BRANDS)
    while lang != "tr" and TURKISH.search(name):
        name = rng.choice(BRANDS)
    return name


# ---------------------------------------------------------------- templates

Template = collections.namedtuple("Template", "lang kind labels text native")


def load(lang):
    templates, pool, kind = [], [], None
    path = HERE / (lang + ".txt")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("//"):
            continue
        if line.startswith("# "):
            kind = line[2:].strip()
            continue
        native = bool(lang in NATIVE and NATIVE[lang].search(line))
        if kind == "pool":
            pool.append((line, native))
            continue
        labels, _, text = line.partition(" ")
        slots = sorted({m.group(1) for m in SLOT.finditer(text)})
        text = text.strip()
        if not kind or not re.fullmatch("[-0+]{1,2}", labels) or slots != ["A", "B"][:len(labels)]:
            raise ValueError(f"{path.name}:{number}: labels {labels!r} do not fit slots {slots}")
        if "<" in CHOICE.sub("", text) or "{" in SLOT.sub("", text):
            raise ValueError(f"{path.name}:{number}: unbalanced choice or unknown slot")
        templates.append(Template(lang, kind, labels, text, native))
    return templates, pool


def expand(text, rng):
    while True:
        m = CHOICE.search(text)
        if not m:
            return re.sub(r"  +", " ", text).strip()
        text = text[:m.start()] + rng.choice(m.group(1).split("|")) + text[m.end():]


# ---------------------------------------------------------------- noise

EMOJI = {"-": ["😡", "😤", "👎", "😠", "🤬", "😞", "💔", "🤦"], "+": ["😍", "👍", "❤️", "🙌", "😊", "🔥", "👏", "💯"],
         "0": ["🤔", "📦", "📱", "✈️", "🙏", "👀", "🛒", "ℹ️"], "s": ["🙄", "👏", "👏👏", "😂", "🙃", "😒"]}


def emoji_for(template, rng):
    if template.kind == "sarcasm":
        return rng.choice(EMOJI["s"])
    signs = set(template.labels) - {"0"}
    # the author's mood is clear only where all the brands that matter get the same one
    return rng.choice(EMOJI[signs.pop() if len(signs) == 1 else "0"])


def lower(text, lang):
    return turkish_lower(text) if lang == "tr" else text.lower()


def double_letter(text, rng):
    spots = [i for i, c in enumerate(text) if c.isascii() and c.isalpha()]
    if not spots:
        return text
    i = rng.choice(spots)
    return text[:i] + text[i] * rng.choice((2, 2, 3)) + text[i + 1:]


def swap_letters(text, rng):
    spots = [m.start() + rng.randrange(1, len(m.group()) - 2) for m in re.finditer(r"[a-z]{6,}", text)]
    if not spots:
        return text
    i = rng.choice(spots)
    return text[:i] + text[i + 1] + text[i] + text[i + 2:]


ASCII_TR = str.maketrans("çğıöşüÇĞİÖŞÜ", "cgiosuCGIOSU")


def surface(name, style):
    """How the writer spells the name in this text."""
    joined = re.sub(r"\s+", "", name)
    return {"plain": name, "lower": turkish_lower(name) if TURKISH.search(name) else name.lower(), "upper": name.upper(), "at": "@" + joined,
            "tag": "#" + joined}[style]


def render(template, brands, rng, pools):
    text = expand(template.text, rng)
    lang = template.lang
    pieces, last = [], 0
    for m in SLOT.finditer(text):
        pieces += [text[last:m.start()], m]
        last = m.end()
    pieces.append(text[last:])

    case = rng.choices(("keep", "lower", "upper"), (0.66, 0.31, 0.03))[0]
    tr_ascii = lang == "tr" and rng.random() < 0.12
    no_commas = rng.random() < 0.12
    fixes = [i for i, p in enumerate(pieces) if isinstance(p, str) and p.strip()]
    doubled = rng.choice(fixes) if fixes and rng.random() < 0.07 else -1
    swapped = rng.choice(fixes) if fixes and rng.random() < 0.06 else -1
    style = {}
    for slot in "AB":
        style[slot] = rng.choices(("plain", "lower", "upper", "at", "tag"),
                                  (0.76, 0.08, 0.03, 0.08, 0.05))[0]
        if case == "lower" and rng.random() < 0.8 and style[slot] == "plain":
            style[slot] = "lower"
        if case == "upper":
            style[slot] = "upper"
    apostrophe = rng.choices(("'", "’", "", " "), (0.62, 0.1, 0.22, 0.06))[0]
    glue = rng.choice(("", " ")) if lang in ("hi", "te") else ""

    out = []
    for i, piece in enumerate(pieces):
        if not isinstance(piece, str):
            slot, suffix_case = piece.groups()
            name = brands[slot]
            shown = surface(name, style[slot])
            if suffix_case:
                end = suffix(name, suffix_case)
                mark = " " if suffix_case in ("q", "too") else apostrophe if not (apostrophe == " " and suffix_case in ("acc", "gen")) else "'"
                if case == "upper":
                    end = end.replace("i", "İ").upper()
                if not mark and style[slot] in ("at", "tag"):
                    mark = "'"
                if mark == " " and suffix_case == "ins":
                    end = "İLE" if case == "upper" else "ile"
                shown += mark + (end.translate(ASCII_TR) if tr_ascii else end)
            following = pieces[i + 1][:1]
            if glue and following and any(p.match(following) for p in NATIVE.values()):
                if style[slot] in ("at", "tag") or shown[-1].isascii():
                    shown += glue
            out.append(shown)
            continue
        if i == doubled:
            piece = double_letter(piece, rng)
        if i == swapped:
            piece = swap_letters(piece, rng)
        if no_commas:
            piece = piece.replace(",", "")
        if case == "lower":
            piece = lower(piece, lang)
        elif case == "upper":
            piece = piece.replace("i", "İ").upper() if lang == "tr" else piece.upper()
        if tr_ascii:
            piece = piece.translate(ASCII_TR)
        out.append(piece)
    text = "".join(out)
    if case == "keep" and text[:1].islower() and not style_starts_low(pieces, style, text) and rng.random() < 0.5:
        text = ("İ" if lang == "tr" and text[0] == "i" else text[0].upper()) + text[1:]
    if rng.random() < 0.25:
        text = text.rstrip(".")
    elif rng.random() < 0.05 and text.endswith("!"):
        text += "!!"

    if rng.random() < 0.18:
        choices = [s for s, native in pools if native == template.native]
        if choices:
            extra = expand(rng.choice(choices), rng)
            extra = lower(extra, lang) if case == "lower" else extra
            first, second = (extra, text) if rng.random() < 0.5 else (text, extra)
            if unicodedata.category(first[-1])[0] in "LMN":
                first += "."
            text = first + " " + second
    if rng.random() < 0.12:
        text += " " + emoji_for(template, rng)
    return text


def style_starts_low(pieces, style, text):
    """A text that opens with a brand keeps the brand's own spelling."""
    return not (isinstance(pieces[0], str) and pieces[0].strip())


# ---------------------------------------------------------------- drawing

def templates_and_pools(langs):
    templates, pools = {}, {}
    for lang in langs:
        templates[lang], pools[lang] = load(lang)
    return templates, pools


def generate(n, seed, langs=LANGS):
    """n examples, the languages, scripts and labels in equal parts as far as whole templates allow."""
    rng = random.Random(seed)
    templates, pools = templates_and_pools(langs)
    groups = {}
    for lang in langs:
        for native in {t.native for t in templates[lang]}:
            by = {}
            for t in templates[lang]:
                if t.native == native:
                    for sign in set(t.labels):
                        by.setdefault(sign, {}).setdefault(t.kind, []).append(t)
            groups[lang, native] = by
    counts = {g: collections.Counter() for g in groups}
    per_lang = collections.Counter()
    used = collections.Counter()
    out = []
    while len(out) < n:
        lang = min(langs, key=lambda l: (per_lang[l], rng.random()))
        group = min((g for g in groups if g[0] == lang), key=lambda g: (sum(counts[g].values()), rng.random()))
        by = groups[group]
        sign = min(sorted(by), key=lambda s: (counts[group][s], rng.random()))
        # half of the draws are of one brand only, as most mentions are
        one = {k: [t for t in ts if len(t.labels) == 1] for k, ts in by[sign].items()}
        pick = {k: ts for k, ts in one.items() if ts} if rng.random() < 0.55 else by[sign]
        kinds = sorted(pick)
        kind = rng.choices(kinds, [len(pick[k]) ** 0.5 for k in kinds])[0]
        # of two drawn templates, the one used less so far
        template = min(rng.choices(pick[kind], k=2), key=lambda t: used[t])
        used[template] += 1
        a = draw_brand(rng, lang, template.native)
        b = draw_brand(rng, lang, template.native)
        while b.lower() in a.lower() or a.lower() in b.lower():
            b = draw_brand(rng, lang, template.native)
        brands = {"A": a, "B": b}
        text = render(template, brands, rng, pools[lang])
        for slot, sign in zip("AB", template.labels):
            out.append({"text": text, "brand": brands[slot], "lang": lang, "kind": template.kind,
                        "label": LABELS[sign]})
            counts[group][sign] += 1
            per_lang[lang] += 1
    return out[:n]


def check():
    for name, case, want in [("Kivora", "acc", "yı"), ("Kivora", "gen", "nın"), ("Kivora", "dat", "ya"),
                             ("Kivora", "abl", "dan"), ("Payzo", "gen", "nun"), ("Vertex", "abl", "ten"),
                             ("Bulut", "loc", "ta"), ("Gümüş", "acc", "ü"), ("Gümüş", "abl", "ten"),
                             ("Shopzy", "acc", "yi"), ("Celtel", "ins", "le"), ("Zone5", "abl", "ten"),
                             ("Air77", "dat", "ye"), ("Go24", "abl", "ten"), ("Market90", "abl", "dan"),
                             ("VRX", "loc", "te"), ("Çınar", "ki", "daki"), ("Club10", "gen", "un"),
                             ("Iris", "gen", "in"), ("TPL", "dat", "ye"), ("Vexia", "q", "mı"), ("Happy Cart", "abl", "tan")]:
        got = suffix(name, case)
        assert got == want, (name, case, got, want)
    assert len(BRANDS) >= 300, len(BRANDS)
    for name in BRANDS + DEVANAGARI + TELUGU:
        assert re.sub(r"\W", "", name).lower() not in RESERVED, name
    templates, pools = templates_and_pools(LANGS)
    for lang in LANGS:
        texts = [t.text for t in templates[lang]]
        again = [t for t, c in collections.Counter(texts).items() if c > 1]
        assert not again, again
        kinds = collections.Counter(t.kind for t in templates[lang])
        signs = collections.Counter(s for t in templates[lang] for s in t.labels)
        scripts = collections.Counter(t.native for t in templates[lang])
        print(lang, len(texts), dict(kinds), dict(signs), f"native script {scripts[True]}",
              f"pool {len(pools[lang])}")
    print(len(BRANDS), "names,", len(DEVANAGARI), "in Devanagari,", len(TELUGU), "in Telugu script")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lang", choices=LANGS, action="append")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check:
        return check()
    for example in generate(args.n, args.seed, tuple(args.lang or LANGS)):
        print(json.dumps(example, ensure_ascii=False))


if __name__ == "__main__":
    main()
