"""The chosen weights -> models/hearken-multi, as Hearken reads it, and its expected.json.

Without --run only expected.json is written anew, for the model that lies in --out.
"""
import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from data import LABELS, TowardEncoder, prepare
from export import for_kind, load_weights
from multi.base import POSITIONS
from multi.tokens import KIND_TOKENS, LANG_TOKENS, LANGUAGES, MAX_TOKENS, SPECIALS

HERE = Path(__file__).parent
TEXTS = [HERE.parent / "expected_texts.json", HERE / "expected_texts.json"]


def config():
    return {"architectures": ["BertForSequenceClassification"], "attention_probs_dropout_prob": 0.1,
            "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 384, "initializer_range": 0.02,
            "intermediate_size": 1536, "layer_norm_eps": 1e-12, "max_position_embeddings": POSITIONS,
            "model_type": "bert", "num_attention_heads": 12, "num_hidden_layers": 12,
            "pad_token_id": SPECIALS.index("<pad>"), "position_embedding_type": "absolute", "type_vocab_size": 2,
            "vocab_size": 33_000, "id2label": {str(i): label for i, label in enumerate(LABELS)},
            "label2id": {label: i for i, label in enumerate(LABELS)}}


def hearken_json(trained, calibration):
    return {"name": "hearken-multi", "version": "1", "languages": LANGUAGES, "labels": LABELS,
            "max_tokens": MAX_TOKENS, "kind_tokens": KIND_TOKENS, "lang_tokens": LANG_TOKENS, "toward": True,
            "temperature": calibration.get("temperature", {"post": 1.0, "review": 1.0}),
            "unsure_below": calibration.get("unsure_below", {"post": 0.5, "review": 0.5}),
            "base": "intfloat/multilingual-e5-small (MIT), vocabulary cut to 33,000 pieces", "trained": trained}


def write_model(run, out, trained, calibration):
    out.mkdir(parents=True, exist_ok=True)
    state = torch.load(run / "chosen.pt", map_location="cpu", weights_only=True)
    save_file({k: v.half().contiguous() for k, v in state.items()}, out / "model.safetensors",
              metadata={"format": "pt"})
    (out / "tokenizer.json").write_bytes((run / "tokenizer.json").read_bytes())
    for name, values in (("config", config()), ("hearken", hearken_json(trained, calibration))):
        (out / f"{name}.json").write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def expected(model, encoder, hearken, item):
    """What the model says of one of our own texts, for the Rust tests to compare with."""
    text, kind, lang, brand = item["text"] * item.get("repeat", 1), item["kind"], item.get("lang"), item.get("brand")
    ids, n_first = encoder(text, kind, lang, brand)
    segments = [0] * n_first + [1] * (len(ids) - n_first)
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([segments])).logits[0].double()
    probabilities = (logits / for_kind(hearken["temperature"], kind)).softmax(-1)
    return {"text": text, "kind": kind, "lang": lang, **({"brand": brand} if brand else {}),
            "prepared": prepare(text), "ids": ids, "n_first": n_first,
            "logits": [round(x, 6) for x in logits.tolist()],
            "probabilities": [round(x, 6) for x in probabilities.tolist()]}


def write_expected(folder):
    hearken = json.loads((folder / "hearken.json").read_text())
    model, encoder = load_weights(folder), TowardEncoder(folder / "tokenizer.json", hearken)
    items = [item for path in TEXTS for item in json.loads(path.read_text(encoding="utf-8"))]
    rows = [json.dumps(expected(model, encoder, hearken, item), ensure_ascii=False) for item in items]
    (folder / "expected.json").write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--run")
    ap.add_argument("--out", required=True, type=Path)
    ap.add_argument("--calibration", help="what `hearken model calibrate --json` printed")
    ap.add_argument("--trained", default="")
    a = ap.parse_args()
    if a.run:
        calibration = json.loads(Path(a.calibration).read_text()) if a.calibration else {}
        write_model(Path(a.run), a.out, a.trained, calibration)
    write_expected(a.out)


if __name__ == "__main__":
    main()
