"""Hugging Face transformers in this process, on a CPU or one GPU.

Requests that wait are gathered into batches of at most `batch_size` sequences, whatever their
sampling settings. For a seed, a request's texts do not depend on the batch they ran in; see
`generators.models.local.sampling` for the limit of that. Slow: there is no paging and no continuous
batching, so a batch takes as long as its longest continuation. For a large model use vLLM.

How many threads torch uses on a CPU is the environment's affair. For a small model on a machine
that does other things set ``OMP_NUM_THREADS=1``: on two busy cores two threads were 25 times
slower.
"""

import collections
import inspect
import itertools
import sys
from collections.abc import Iterable
from typing import Any, Final

from veristone.errors import ConfigError, ModelUnavailable, RequestRefused
from veristone.generation import Generation
from veristone.generators.models.config import TransformersConfig
from veristone.generators.models.local.batch import Engine, run_batch
from veristone.generators.models.local.jobs import Inbox, Job
from veristone.generators.models.local.prompts import encode
from veristone.generators.models.local.sequences import Sequence, sequences_of
from veristone.generators.models.local.threaded import ThreadedModel, cannot_load, needs

__all__ = ["TransformersModel"]

_UNLIMITED: Final = 10**9
"""Tokenizers without a limit of their own say a number far above this."""


class TransformersModel(ThreadedModel):
    """A causal language model of the transformers library."""

    def __init__(self, config: TransformersConfig) -> None:
        super().__init__(config.model)
        self._config = config
        self._engine: Engine | None = None
        self._open: dict[Job, list[Sequence]] = {}
        """Jobs that were taken and are not settled, with their continuations that are done."""

    def _load(self) -> None:
        self._engine = _load(self._config)

    def _free(self) -> None:
        if self._engine is None:
            return
        import torch

        self._engine = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _serve(self, inbox: Inbox) -> None:
        assert self._engine is not None, "loaded"
        size = self._config.batch_size
        waiting: collections.deque[Sequence] = collections.deque()
        try:
            while not inbox.closed:
                if not waiting:
                    inbox.wait()
                    inbox.gather(size, self._config.max_wait_s)
                while len(waiting) < size and (jobs := inbox.take(1)):
                    waiting.extend(self._sequences(jobs[0]))
                # Whoever is cancelled leaves, also from among those that wait.
                if batch := list(itertools.islice(_wanted(waiting), size)):
                    self._run(batch, inbox)
        except Exception as error:
            self._fail(self._open, ModelUnavailable(f"{self.name}: the engine broke: {error}"))
            raise
        self._fail(self._open, ModelUnavailable(f"{self.name}: the model was closed"))

    def _fail(self, jobs: Iterable[Job], error: ModelUnavailable) -> None:
        for job in list(jobs):
            self._open.pop(job, None)
            job.fail(error)

    def _sequences(self, job: Job) -> list[Sequence]:
        assert self._engine is not None, "loaded"
        try:
            prompt = encode(self._engine.tokenizer, job.request, self._engine.context)
        except RequestRefused as refusal:
            job.fail(refusal)
            return []
        self._open[job] = []
        return sequences_of(job, prompt, self._engine.context)

    def _run(self, batch: list[Sequence], inbox: Inbox) -> None:
        assert self._engine is not None, "loaded"
        import torch

        try:
            run_batch(self._engine, batch, lambda: inbox.closed)
        except torch.OutOfMemoryError as error:
            size = self._config.batch_size
            what = f"{self.name}: out of memory; make batch_size smaller than {size} ({error})"
            self._fail({row.job for row in batch}, ModelUnavailable(what))
        for row in batch:
            if row.finish_reason and row.job in self._open:
                self._collect(row)
        for job in [job for job in self._open if job.withdrawn]:
            del self._open[job]

    def _collect(self, row: Sequence) -> None:
        """Note that a continuation is done, and answer the job when it was the last."""
        request = row.request
        rows = self._open[row.job]
        rows.append(row)
        # Without randomness all n are one.
        copies = request.n if request.temperature <= 0 else 1
        if len(rows) * copies < request.n:
            return
        del self._open[row.job]
        rows.sort(key=lambda one: one.index)
        row.job.succeed(
            Generation(
                id=request.id,
                completions=tuple(one.completion() for one in rows) * copies,
                model=self.name,
                prompt_tokens=len(row.prompt),
                completion_tokens=sum(len(one.tokens) for one in rows) * copies,
            )
        )


def _wanted(waiting: "collections.deque[Sequence]") -> Iterable[Sequence]:
    while waiting:
        row = waiting.popleft()
        if row.growing:
            yield row


def _load(config: TransformersConfig) -> Engine:
    try:
        import torch

        # The library; the type checker takes this file for it.
        from transformers import (
            AutoModelForCausalLM,  # pyright: ignore[reportAttributeAccessIssue]
            AutoTokenizer,  # pyright: ignore[reportAttributeAccessIssue]
        )
    except ImportError as error:
        raise needs("transformers", "train", error) from error
    device = config.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    revision = config.revision or None
    try:
        tokenizer = AutoTokenizer.from_pretrained(config.model, revision=revision)
        model = AutoModelForCausalLM.from_pretrained(
            config.model, revision=revision, dtype=config.dtype
        )
    except (OSError, ValueError, ImportError) as error:
        raise cannot_load(config.model, error) from error
    except AssertionError as error:
        if "vllm" not in sys.modules:
            raise
        raise ConfigError(
            f"{config.model}: vLLM ran in this process and has changed classes of transformers for "
            "good; use a process of its own for one of the two"
        ) from error
    try:
        model.to(device).eval()
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {device!r}: {error}") from error
    return Engine(
        model=model,
        tokenizer=tokenizer,
        ends=_ends(model, tokenizer),
        context=_context(model, tokenizer),
        last_logits_only="logits_to_keep" in inspect.signature(model.forward).parameters,
    )


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    named = getattr(model.generation_config, "eos_token_id", None)
    ends = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id]
    return frozenset(end for end in ends if end is not None)


def _context(model: Any, tokenizer: Any) -> int | None:
    """What the model was made for; else what its tokenizer says, if that is a limit at all."""
    made_for = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if isinstance(made_for, int) and made_for > 0:
        return made_for
    return tokenizer.model_max_length if tokenizer.model_max_length < _UNLIMITED else None
