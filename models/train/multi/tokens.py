"""The special tokens of hearken-multi, and what stands for a kind and for a language."""

MAX_TOKENS = 193
LANGUAGES = "en tr hi te es de fr it pt ar".split()
# Ids 0 to 18, in this order. They are pieces with a score that no text reaches and not "added
# tokens": those would be found inside texts, and anyone could write `<review>`.
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<post>", "<article>", "<review>", "<und>",
            *(f"<{lang}>" for lang in LANGUAGES)]
BASE_SPECIALS = [0, 1, 2, 3, 250001]  # <s> <pad> </s> <unk> <mask> in the base
KIND_TOKENS = {"post": "<post>", "comment": "<post>", "question": "<post>", "article": "<article>",
               "review": "<review>"}
LANG_TOKENS = {lang: f"<{lang}>" for lang in [*LANGUAGES, "und"]}
