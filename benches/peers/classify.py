"""The shipped weights in other runtimes, on the texts that `hearken bench classify` hands over.

    classify.py RUNTIME MODEL TEXTS THREADS RUNS SINGLES

RUNTIME is transformers-fp32, transformers-bf16, onnx-fp32 or onnx-int8. MODEL is a folder of
Hearken's; its ONNX form is made here, in a temporary folder. TEXTS is JSON Lines with `text`, `kind` and
`lang`. Prints one JSON object (`too_slow` with texts a second of a first try when it is
hopeless on this machine): texts a second of each run, end to end with tokenising; seconds
of single texts; the three logits of every text. Texts are prepared, encoded and put together
by length as Hearken does it. The linear model, which Hearken adds, has no part in this.
"""
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models" / "train"))
from data import prepare  # noqa: E402

# As in src/classify: texts handed over together, and what shares a forward pass.
PART, MOST_TEXTS, MOST_TOKENS = 256, 32, 2_048
CHARS_PER_TOKEN = 48
# Texts a second below which a run over all of them is not worth hours.
HOPELESS = 5.0


class Encoder:
    """`cls [kind] [lang] pieces sep`, at most `max_tokens` in all."""

    def __init__(self, folder):
        self.manifest = json.loads((folder / "hearken.json").read_text(encoding="utf-8"))
        self.tok = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tok.no_truncation()
        self.tok.no_padding()
        self.cls, self.sep, self.pad = (self.first(*names) for names in
                                        (("[CLS]", "<s>"), ("[SEP]", "</s>"), ("[PAD]", "<pad>")))

    def first(self, *names):
        return next(i for i in map(self.tok.token_to_id, names) if i is not None)

    def head(self, text):
        ids = [self.cls]
        kind = self.manifest.get("kind_tokens", {}).get(text["kind"])
        if kind:
            ids.append(self.tok.token_to_id(kind))
        langs = self.manifest.get("lang_tokens", {})
        lang = langs.get((text.get("lang") or "und").split("-")[0], langs.get("und"))
        if lang:
            ids.append(self.tok.token_to_id(lang))
        return ids

    def __call__(self, texts):
        most = self.manifest["max_tokens"]
        prepared = [prepare(t["text"][:most * CHARS_PER_TOKEN]) for t in texts]
        out = []
        for text, e in zip(texts, self.tok.encode_batch(prepared, add_special_tokens=False)):
            head = self.head(text)
            out.append([*head, *e.ids[:most - len(head) - 1], self.sep])
        return out


def torch_model(folder):
    model = BertForSequenceClassification(BertConfig.from_json_file(str(folder / "config.json")))
    state = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all("position_ids" in m for m in missing), (missing, unexpected)
    return model.eval()


def by_transformers(folder, dtype, threads):
    torch.set_num_threads(threads)
    model = torch_model(folder).to(dtype)

    def logits(ids, mask):
        with torch.inference_mode():
            return model(input_ids=torch.from_numpy(ids),
                         attention_mask=torch.from_numpy(mask)).logits.float().numpy()
    return logits


def by_onnx(folder, int8, threads, scratch):
    import onnxruntime
    path = Path(scratch) / "model.onnx"
    ids = torch.ones(2, 8, dtype=torch.long)
    axes = {0: "text", 1: "token"}
    torch.onnx.export(torch_model(folder), (ids, ids), str(path), opset_version=17,
                      input_names=["ids", "mask"], output_names=["logits"],
                      dynamic_axes={"ids": axes, "mask": axes, "logits": {0: "text"}})
    if int8:
        from onnxruntime.quantization import QuantType, quantize_dynamic
        small = Path(scratch) / "model-int8.onnx"
        quantize_dynamic(str(path), str(small), weight_type=QuantType.QInt8)
        path = small
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})[0]


def judge(encoder, logits, texts):
    encoded = encoder(texts)
    found = np.zeros((len(texts), 3), dtype=np.float32)
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
    batches = []
    for i in order:
        width = len(encoded[i])
        if batches and len(batches[-1]) < MOST_TEXTS and width * (len(batches[-1]) + 1) <= MOST_TOKENS:
            batches[-1].append(i)
        else:
            batches.append([i])
    for batch in batches:
        width = max(len(encoded[i]) for i in batch)
        ids = np.full((len(batch), width), encoder.pad, dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=np.int64)
        for row, i in enumerate(batch):
            ids[row, :len(encoded[i])] = encoded[i]
            mask[row, :len(encoded[i])] = 1
        found[batch] = logits(ids, mask)
    return found


def main():
    runtime, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[4])
    runs, n_singles = int(sys.argv[5]), int(sys.argv[6])
    with open(sys.argv[3], encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    encoder = Encoder(folder)
    with tempfile.TemporaryDirectory() as scratch:
        if runtime.startswith("transformers"):
            dtype = torch.bfloat16 if runtime.endswith("bf16") else torch.float32
            logits = by_transformers(folder, dtype, threads)
        else:
            logits = by_onnx(folder, runtime.endswith("int8"), threads, scratch)
        # The first passes pay for setting up; where bf16 is emulated, one says it all.
        judge(encoder, logits, texts[:1])
        started = time.perf_counter()
        judge(encoder, logits, texts[:MOST_TEXTS])
        speed = min(len(texts), MOST_TEXTS) / (time.perf_counter() - started)
        if speed < HOPELESS:
            print(json.dumps({"too_slow": speed}))
            return
        judge(encoder, logits, texts[:PART])
        per_second, found = [], []
        for _ in range(runs):
            started = time.perf_counter()
            found = [judge(encoder, logits, texts[at:at + PART]) for at in range(0, len(texts), PART)]
            per_second.append(len(texts) / (time.perf_counter() - started))
        singles = []
        for text in texts[::max(1, len(texts) // n_singles)][:n_singles]:
            started = time.perf_counter()
            judge(encoder, logits, [text])
            singles.append(time.perf_counter() - started)
    print(json.dumps({"texts_per_s": per_second, "single_s": singles,
                      "logits": np.concatenate(found).round(4).tolist()}))


if __name__ == "__main__":
    main()
