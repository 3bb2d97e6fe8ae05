"""A training checkpoint -> the model folder that Hearken reads (f16 weights)."""
import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification

from data import KIND_TOKENS, LABELS, Encoder, prepare

HERE = Path(__file__).parent


def config(base):
    c = json.loads((Path(base) / "config.json").read_text())
    for k in ("_name_or_path", "transformers_version", "gradient_checkpointing", "use_cache"):
        c.pop(k, None)
    # A recipe's own dropout is of its training alone; learning from corrections takes BERT's.
    c["hidden_dropout_prob"] = c["attention_probs_dropout_prob"] = 0.1
    c["architectures"] = ["BertForSequenceClassification"]
    c["id2label"] = {str(i): l for i, l in enumerate(LABELS)}
    c["label2id"] = {l: i for i, l in enumerate(LABELS)}
    return c


def write_model(state, base, out, hearken, dtype=torch.float16):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    state = {k: v.detach().to(dtype).contiguous() for k, v in state.items()
             if k != "bert.embeddings.position_ids"}
    save_file(state, out / "model.safetensors", metadata={"format": "pt"})
    tok = json.loads((Path(base) / "tokenizer.json").read_text(encoding="utf-8"))
    tok["truncation"] = tok["padding"] = None
    (out / "tokenizer.json").write_text(json.dumps(tok, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (out / "config.json").write_text(json.dumps(config(base), indent=2) + "\n")
    (out / "hearken.json").write_text(json.dumps(hearken, indent=2) + "\n")


MINILM = "sentence-transformers/all-MiniLM-L6-v2 (MiniLM-L6-H384-uncased), Apache-2.0"
MODELS = {
    "hearken-en": {"version": "2", "languages": ["en"], "base": MINILM},
    "hearken-codemix": {"version": "1", "languages": ["hi-Latn", "te-Latn"],
                        "base": f"hearken-en 2 with more pieces, of {MINILM}"},
}


def hearken_json(name, trained, temperature=None, unsure_below=None, max_tokens=128):
    of = MODELS[name]
    return {"name": name, "version": of["version"], "languages": of["languages"], "labels": LABELS,
            "max_tokens": max_tokens, "kind_tokens": KIND_TOKENS,
            "temperature": temperature or {"post": 1.0, "review": 1.0},
            "unsure_below": unsure_below or {"post": 0.5, "review": 0.5},
            "base": of["base"], "trained": trained}


def load_weights(folder):
    """The model as Hearken computes it: the stored weights in f32."""
    folder = Path(folder)
    cfg = BertConfig.from_json_file(str(folder / "config.json"))
    model = BertForSequenceClassification(cfg)
    state = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all("position_ids" in m for m in missing), (missing, unexpected)
    return model.eval()


def load_model(folder):
    """Weights, encoder and hearken.json of a model folder."""
    folder = Path(folder)
    return load_weights(folder), Encoder(folder / "tokenizer.json"), json.loads((folder / "hearken.json").read_text())


def for_kind(table, kind):
    return table["review" if kind == "review" else "post"]


def write_expected(folder):
    """Input ids and probabilities of our own texts, for the Rust tests to compare with."""
    model, enc, h = load_model(folder)
    out = []
    for item in json.loads((HERE / "expected_texts.json").read_text(encoding="utf-8")):
        text = item["text"] * item.get("repeat", 1)
        ids = enc([text], [item["kind"]], h["max_tokens"])[0]
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([ids])).logits[0].double()
        probs = (logits / for_kind(h["temperature"], item["kind"])).softmax(-1)
        out.append({"text": text, "kind": item["kind"], "prepared": prepare(text), "ids": ids,
                    "logits": [round(x, 6) for x in logits.tolist()],
                    "probabilities": [round(x, 6) for x in probs.tolist()]})
    (Path(folder) / "expected.json").write_text(
        "[\n" + ",\n".join(json.dumps(o, ensure_ascii=False) for o in out) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--name", default="hearken-en", choices=MODELS)
    ap.add_argument("--checkpoint", help="a state dict saved by train.py")
    ap.add_argument("--base", help="folder of the base encoder")
    ap.add_argument("--out", required=True)
    ap.add_argument("--calibration", help="what `hearken model calibrate --json` printed")
    ap.add_argument("--max-tokens", type=int, default=128)
    ap.add_argument("--trained", default="")
    ap.add_argument("--dtype", default="float16", choices=["float16", "bfloat16", "float32"])
    a = ap.parse_args()
    if a.checkpoint:
        cal = json.loads(Path(a.calibration).read_text()) if a.calibration else {}
        write_model(torch.load(a.checkpoint, map_location="cpu", weights_only=True), a.base, a.out,
                    hearken_json(a.name, a.trained, cal.get("temperature"), cal.get("unsure_below"), a.max_tokens),
                    getattr(torch, a.dtype))
    write_expected(a.out)
