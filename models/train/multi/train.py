"""Fine-tunes the base, or the weights of an earlier run, on the packed texts. Needs no more than
RUN/base.npz, the arrays of mix.py, PyTorch and transformers; on a GPU or, slowly, on a CPU.

Writes RUN/NAME/: last.pt and average.pt (the mean of the weights over the last part of the run),
and dev.json with the figures of both on dev. Started again, it goes on from its last checkpoint.

The loss is cross-entropy on logits + tau * log(class prior of the text's source), as in ../train.py:
a model need not repeat the class balance of whoever collected a source. A class that a source
never uses is masked out; a text that may have one of several classes is right with any of them.
"""
import argparse
import fnmatch
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from torch.nn.functional import log_softmax
from transformers import BertConfig, BertForSequenceClassification

from data import LABELS, record, sha256
from evaluate import scores
from multi.base import POSITIONS, state_dict
from multi.tokens import SPECIALS

HERE = Path(__file__).parent
CLS, PAD, SEP, UNK, UND = (SPECIALS.index(t) for t in ("<s>", "<pad>", "</s>", "<unk>", "<und>"))
BARRED = -1e4
LANG_DROPPED = 0.25  # of the texts are not told their language, as in use where it is unknown
HEAD_LR = 3.0  # pooler and classifier start from nothing
AVERAGE_EVERY = 20
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Split:
    """The texts of one split as rows of ids on the device."""

    def __init__(self, run, split, limit=None):
        z = {k: v[:] for k, v in np.load(run / f"{split}.npz").items()}
        n = self.n = min(len(z["labels"]), limit or len(z["labels"]))
        self.labels, self.source = z["labels"][:n], z["source"][:n].astype(np.int64)
        text_ends, brand_ends = z["text_ends"][:n].astype(np.int64), z["brand_ends"][:n].astype(np.int64)
        n_text, n_brand = np.diff(text_ends, prepend=0), np.diff(brand_ends, prepend=0)
        second = n_brand > 0
        n_first = 4 + n_text  # <s> KIND LANG … </s>
        self.length = n_first + np.where(second, n_brand + 1, 0)
        ids = np.full((n, int(self.length.max())), PAD, np.int32)
        at = np.arange(ids.shape[1])[None]
        ids[:, 0], ids[:, 1], ids[:, 2] = CLS, z["kind"][:n], z["lang"][:n]
        ids[(at >= 3) & (at < n_first[:, None] - 1)] = z["text_ids"][:text_ends[-1]]
        ids[np.arange(n), n_first - 1] = SEP
        ids[(at >= n_first[:, None]) & (at < (n_first + n_brand)[:, None])] = z["brand_ids"][:brand_ends[-1]]
        ids[np.flatnonzero(second), self.length[second] - 1] = SEP
        self.ids, self.n_first, self.ends = (torch.from_numpy(x).to(DEVICE) for x in (ids, n_first, self.length))

    def batch(self, index):
        """What BertForSequenceClassification takes, of the texts at `index`."""
        width = int(self.length[index].max())
        index = torch.as_tensor(index, device=DEVICE)
        at = torch.arange(width, device=DEVICE)[None]
        mask = at < self.ends[index, None]
        second = (at >= self.n_first[index, None]) & mask
        return {"input_ids": self.ids[index, :width].long(), "attention_mask": mask.long(),
                "token_type_ids": second.long()}


def of_source(table, source, default=None):
    """The value of a table of recipes for a source: by its name, or by a pattern such as `umsab_*`."""
    if source in table:
        return table[source]
    return next((v for k, v in table.items() if k != "*" and fnmatch.fnmatch(source, k)), table.get("*", default))


def recipe_of(path):
    """A recipe, with what it leaves to the one it is `like`."""
    recipe = json.loads(Path(path).read_text())
    like = recipe.pop("like", None)
    return recipe_of(Path(path).parent / like) | recipe if like else recipe


def priors(split, sources, tau):
    """Per source tau * log prior of each class; absent classes are masked."""
    may = (split.labels[:, None] >> np.arange(len(LABELS))) & 1
    counts = np.zeros((len(sources), len(LABELS)))
    np.add.at(counts, split.source, may / np.maximum(1, may.sum(1, keepdims=True)))
    share = counts / np.maximum(1, counts.sum(1, keepdims=True))
    taus = np.array([of_source(tau, s) for s in sources])[:, None]
    bias = np.where(counts > 0, np.log(np.maximum(share, 1e-9)) * taus, BARRED)
    return torch.tensor(bias, dtype=torch.float), torch.tensor(np.where(may > 0, 0.0, BARRED), dtype=torch.float)


def one_pass(split, sources, recipe, rng):
    """The texts of one pass over the mix: capped sources are drawn anew, scarce ones come again."""
    out = []
    for i, source in enumerate(sources):
        texts = np.flatnonzero((split.source == i) & (split.labels > 0))
        most = of_source(recipe["at_most"], source)
        if most is not None:
            texts = rng.permutation(texts)[:most]
        out.append(np.repeat(texts, of_source(recipe["repeat"], source, 1)))
    return rng.permutation(np.concatenate(out))


def batches(length, order, tokens, rng, most=512):
    """Shuffled batches of texts of about one length, each of at most `tokens` tokens."""
    out, group = [], tokens * 50 // 60
    for start in range(0, len(order), group):
        part = order[start:start + group]
        part = part[np.argsort(length[part], kind="stable")]
        begin = 0
        for end in range(1, len(part) + 1):
            width = -(-length[part[min(end, len(part) - 1)]] // 8) * 8
            if end == len(part) or end - begin == most or width * (end - begin + 1) > tokens:
                out.append(part[begin:end])
                begin = end
    rng.shuffle(out)
    return out


def new_model(run, recipe):
    config = BertConfig(
        vocab_size=33_000, hidden_size=384, num_hidden_layers=12, num_attention_heads=12, intermediate_size=1536,
        max_position_embeddings=POSITIONS, layer_norm_eps=1e-12, pad_token_id=PAD, num_labels=len(LABELS),
        hidden_dropout_prob=recipe["dropout"], attention_probs_dropout_prob=recipe["dropout"],
        classifier_dropout=0.1)
    config._attn_implementation = "sdpa"
    model = BertForSequenceClassification(config)
    if recipe["init"]:
        model.load_state_dict(torch.load(run / recipe["init"], map_location="cpu", weights_only=True))
    else:
        missing, unexpected = model.load_state_dict(state_dict(run / "base.npz"), strict=False)
        assert not unexpected and all(k.startswith(("bert.pooler", "classifier")) for k in missing), missing
    return model.to(DEVICE)


def optimiser(model, lr):
    groups = {}
    for name, p in model.named_parameters():
        rate = lr * (HEAD_LR if name.startswith(("bert.pooler", "classifier")) else 1)
        groups.setdefault((rate, 0.01 if p.dim() > 1 else 0.0), []).append(p)
    return torch.optim.AdamW([{"params": p, "lr": rate, "peak": rate, "weight_decay": decay}
                              for (rate, decay), p in groups.items()], betas=(0.9, 0.98), fused=DEVICE == "cuda")


def rate_factor(step, done, recipe):
    """The part of the peak learning rate: a warm-up, then down to `lr_floor` as `done` goes to 1."""
    return min(1.0, (step + 1) / recipe["warmup_steps"], max(recipe["lr_floor"], (1 - done) / 0.94))


def with_dropped_words(inputs, share):
    """Hides the language of some texts, and `share` of the pieces."""
    ids = inputs["input_ids"].clone()
    ids[:, 2] = torch.where(torch.rand(len(ids), device=DEVICE) < LANG_DROPPED, UND, ids[:, 2])
    if share:
        hidden = (ids >= len(SPECIALS)) & (torch.rand(ids.shape, device=DEVICE) < share)
        ids = torch.where(hidden, UNK, ids)
    return inputs | {"input_ids": ids}


def logits_of(model, inputs):
    with torch.autocast(DEVICE, torch.bfloat16, enabled=DEVICE == "cuda"):
        return model(**inputs).logits.float()


class Average:
    """The running mean of a model's weights."""

    def __init__(self, n=0, mean=None):
        self.n, self.mean = n, mean

    @torch.no_grad()
    def add(self, model):
        self.n += 1
        if self.mean is None:
            self.mean = {k: v.float().clone() for k, v in model.state_dict().items()}
        else:
            for k, v in model.state_dict().items():
                self.mean[k] += (v - self.mean[k]) / self.n


@torch.no_grad()
def dev_figures(model, dev, sources):
    """source -> accuracy, macro-F1, macro-recall."""
    model.eval()
    logits, order = torch.zeros(dev.n, len(LABELS)), np.argsort(dev.length, kind="stable")
    for start in range(0, dev.n, 1024):
        part = order[start:start + 1024]
        logits[part] = logits_of(model, dev.batch(part)).cpu()
    gold = np.array(LABELS)[np.log2(dev.labels).astype(int)]
    return {sources[s]: [round(float(x), 4) for x in scores(logits.numpy()[dev.source == s], gold[dev.source == s])]
            for s in np.unique(dev.source)}


def mean_f1(figures):
    """What runs are chosen by: the mean macro-F1 over the dev files, judged as whole texts."""
    return float(np.mean([f1 for source, (_, f1, _) in figures.items() if not source.endswith("_pair")]))


def save(state, path):
    torch.save(state, f"{path}.part")
    os.replace(f"{path}.part", path)


class Training:
    """A run under way: what is changed by a step, and kept in a checkpoint."""

    def __init__(self, run, name, recipe, limit=None):
        torch.manual_seed(recipe["seed"])
        self.recipe, self.folder = recipe, run / name
        self.folder.mkdir(exist_ok=True)
        self.sources = json.loads((run / "sources.json").read_text())
        self.train, self.dev = Split(run, "train", limit), Split(run, "dev", limit)
        bias, barred = priors(self.train, self.sources, recipe["tau"])
        self.bias, self.barred = bias.to(DEVICE), barred.to(DEVICE)
        self.source = torch.from_numpy(self.train.source).to(DEVICE)
        rng = np.random.default_rng(recipe["seed"])
        self.plan = [b for _ in range(recipe["passes"]) for b in
                     batches(self.train.length, one_pass(self.train, self.sources, recipe, rng), recipe["tokens"], rng)]
        self.model = new_model(run, recipe)
        self.opt = optimiser(self.model, recipe["lr"])
        self.average, self.step, self.seconds = Average(), 0, 0.0

    def done(self):
        """From 0 to 1, by steps or, if the recipe has a limit of time, by what is further."""
        steps = min(len(self.plan), self.recipe.get("steps") or len(self.plan))
        return max(self.step / steps, self.seconds / (self.recipe.get("seconds") or float("inf")))

    def loss(self, index):
        logits = logits_of(self.model, with_dropped_words(self.train.batch(index), self.recipe["word_dropout"]))
        index = torch.as_tensor(index, device=DEVICE)
        shares = log_softmax(logits + self.bias[self.source[index]], 1)
        return -(shares + self.barred[index]).logsumexp(1).mean()

    def advance(self):
        done = self.done()
        for group in self.opt.param_groups:
            group["lr"] = group["peak"] * rate_factor(self.step, done, self.recipe)
        loss = self.loss(self.plan[self.step])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.opt.step()
        self.opt.zero_grad(set_to_none=True)
        if done >= self.recipe["average_from"] and self.step % AVERAGE_EVERY == 0:
            self.average.add(self.model)
        self.step += 1
        return loss

    def checkpoint(self):
        save({"model": self.model.state_dict(), "opt": self.opt.state_dict(), "step": self.step,
              "seconds": self.seconds, "average": (self.average.n, self.average.mean), "recipe": self.recipe,
              "rng": torch.get_rng_state(), "cuda_rng": torch.cuda.get_rng_state() if DEVICE == "cuda" else None},
             self.folder / "latest.pt")

    def resume(self):
        """Takes up the last checkpoint, if there is one."""
        path = self.folder / "latest.pt"
        if not path.exists():
            return
        kept = torch.load(path, map_location="cpu", weights_only=False)
        if kept["recipe"] != self.recipe:
            raise SystemExit(f"{path} is of another recipe; use another --name or remove it")
        self.model.load_state_dict(kept["model"])
        self.opt.load_state_dict(kept["opt"])
        self.step, self.seconds = kept["step"], kept["seconds"]
        n, mean = kept["average"]
        self.average = Average(n, mean and {k: v.to(DEVICE) for k, v in mean.items()})
        torch.set_rng_state(kept["rng"])
        if kept["cuda_rng"] is not None and DEVICE == "cuda":
            torch.cuda.set_rng_state(kept["cuda_rng"])
        print(f"resumed at step {self.step}", flush=True)

    def go(self, every):
        self.model.train()
        began, before = time.time(), self.seconds
        while self.done() < 1:
            loss = self.advance()
            self.seconds = before + time.time() - began
            if self.step % 200 == 0:
                print(f"step {self.step} of {len(self.plan)}, {self.seconds:.0f} s, loss {loss.item():.3f}", flush=True)
            if self.step % every == 0:
                self.checkpoint()
        self.checkpoint()

    def finish(self):
        """Writes both sets of weights and their figures on dev."""
        if self.average.mean is None:
            self.average.add(self.model)
        figures = {}
        for which, state in (("last", self.model.state_dict()), ("average", self.average.mean)):
            state = {k: v.detach().clone() for k, v in state.items()}
            self.model.load_state_dict(state)
            found = dev_figures(self.model, self.dev, self.sources)
            figures[which] = {"mean_f1": round(mean_f1(found), 4), "dev": found}
            save({k: v.cpu() for k, v in state.items()}, self.folder / f"{which}.pt")
            print(which, figures[which]["mean_f1"], flush=True)
        (self.folder / "dev.json").write_text(json.dumps(figures | {"steps": self.step}, indent=1))


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--run", required=True, help="folder of the arrays, outside the repository")
    ap.add_argument("--recipe", required=True, help="file under recipes/, without .json; also the name of the run")
    ap.add_argument("--seconds", type=int, help="limit of time: the learning rate falls with the clock")
    ap.add_argument("--steps", type=int, help="instead of the recipe's, to try something out")
    ap.add_argument("--every", type=int, default=1000, help="steps between checkpoints")
    ap.add_argument("--limit", type=int, help="only the first texts of a split, to try something out")
    a = ap.parse_args()
    run, recipe = Path(a.run), recipe_of(HERE / "recipes" / f"{a.recipe}.json")
    if a.seconds:
        recipe |= {"seconds": a.seconds, "steps": None}
    if a.steps:
        recipe["steps"] = a.steps
    torch.backends.cuda.matmul.allow_tf32 = True
    training = Training(run, a.recipe, recipe, a.limit)
    record(run / a.recipe, recipe=recipe, torch=torch.__version__, transformers=transformers.__version__,
           device=torch.cuda.get_device_name() if DEVICE == "cuda" else "cpu",
           files={f: sha256(run / f) for f in ("base.npz", "train.npz", "dev.npz", "sources.json")},
           init={recipe["init"]: sha256(run / recipe["init"])} if recipe["init"] else {})
    training.resume()
    training.go(a.every)
    training.finish()


if __name__ == "__main__":
    main()
