"""vLLM in this process.

One thread owns the engine, hands it requests as they come and steps it, so that requests join and
leave the running batch at any time (continuous batching). On a GPU vLLM itself runs the model in a
process of its own, apart from our interpreter lock; on a CPU everything stays in this process: the
way over processes takes four times as long to start and leaves a core idle. There only one model
can be open at a time: engines in one process share their process groups, and the first to close
takes them from the others.

A seed gives the same texts again as far as vLLM's own logits are the same; they differ in the last
bits with the batch. Signal handlers, threads and the working directory are left as they are; but
an engine in this process leaves traces for the rest of the process's life: `torch.set_num_threads`
has no effect any more, and architectures that vLLM runs by transformers' own code (StarCoder2 is
one) cannot be loaded by transformers any more.
"""

import itertools
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from veristone.errors import ConfigError, ModelUnavailable, RequestRefused
from veristone.generation import Completion, Generation
from veristone.generators.models.config import VLLMConfig
from veristone.generators.models.local.jobs import Inbox, Job
from veristone.generators.models.local.prompts import encode
from veristone.generators.models.local.threaded import ThreadedModel, cannot_load, needs

__all__ = ["VLLMModel"]

# What vLLM's environment should say where the user's says nothing: standard output is the command's
# own, a start is not worth a page of messages, and nobody is told of what runs here.
_QUIET: Final = {
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_NO_USAGE_STATS": "1",
}
_MULTIPROCESSING: Final = "VLLM_ENABLE_V1_MULTIPROCESSING"
_only_one = threading.Lock()
"""Held while an engine lives in this very process."""


@dataclass(slots=True)
class _Engine:
    engine: Any
    tokenizer: Any
    context: int


class VLLMModel(ThreadedModel):
    """A causal language model run by vLLM."""

    def __init__(self, config: VLLMConfig) -> None:
        super().__init__(config.model)
        self._config = config
        self._loaded: _Engine | None = None
        self._has_place = False
        self._numbers = itertools.count()
        self._running: dict[str, Job] = {}
        """By the engine's name for the request; ours need not be unique."""

    def _load(self) -> None:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            # Type checkers take this file for the library.
            from vllm import EngineArgs  # pyright: ignore[reportAttributeAccessIssue]
            from vllm.platforms import current_platform
            from vllm.v1.engine.llm_engine import LLMEngine
        except ImportError as error:
            raise needs("vLLM", "vllm", error) from error
        on_cpu = current_platform.is_cpu()
        if on_cpu:
            # Read by vLLM in several places; nothing but the environment reaches all of them.
            os.environ[_MULTIPROCESSING] = "0"
            self._take_place()
        arguments = _arguments(self._config, on_cpu)
        try:
            engine = LLMEngine.from_engine_args(EngineArgs(**arguments))
        except (OSError, ValueError, TypeError, ImportError) as error:
            raise cannot_load(self._config.model, error) from error
        self._loaded = _Engine(
            engine=engine,
            tokenizer=engine.get_tokenizer(),
            context=engine.model_config.max_model_len,
        )

    def _take_place(self) -> None:
        if not _only_one.acquire(blocking=False):
            raise ConfigError(
                f"{self.name}: vLLM on a CPU runs one model at a time in a process, and one is "
                "open; close it first, or start vLLM as a server"
            )
        self._has_place = True

    def _free(self) -> None:
        try:
            if self._loaded is not None:
                self._loaded.engine.engine_core.shutdown()
                self._loaded = None
        finally:
            if self._has_place:
                self._has_place = False
                _only_one.release()

    def _serve(self, inbox: Inbox) -> None:
        assert self._loaded is not None, "loaded"
        engine = self._loaded.engine
        try:
            while not inbox.closed:
                if not self._running:
                    inbox.wait()
                # The engine is never given more requests than it can run sequences: what waits,
                # waits here, where it costs nothing and can be withdrawn.
                for job in inbox.take(self._config.max_num_seqs - len(self._running)):
                    self._begin(job)
                self._withdraw()
                if self._running:
                    for output in engine.step():
                        self._finish(output)
        except Exception as error:
            self._fail_all(f"the engine broke: {error or type(error).__name__}")
            raise
        self._abort(list(self._running))
        self._fail_all("the model was closed")

    def _begin(self, job: Job) -> None:
        assert self._loaded is not None, "loaded"
        from vllm.exceptions import VLLMClientError

        name = f"{next(self._numbers)}"
        try:
            prompt = encode(self._loaded.tokenizer, job.request, self._loaded.context)
            parameters = _parameters(job)
            self._loaded.engine.add_request(name, {"prompt_token_ids": prompt}, parameters)
        except RequestRefused as refusal:
            job.fail(refusal)
        except (VLLMClientError, ValueError) as error:
            job.fail(RequestRefused(f"request {job.request.id}: {error}"))
        else:
            self._running[name] = job

    def _withdraw(self) -> None:
        withdrawn = [name for name, job in self._running.items() if job.withdrawn]
        self._abort(withdrawn)
        for name in withdrawn:
            del self._running[name]

    def _abort(self, names: list[str]) -> None:
        assert self._loaded is not None, "loaded"
        if names:
            self._loaded.engine.abort_request(names)

    def _finish(self, output: Any) -> None:
        job = self._running.get(output.request_id)
        if job is None or not output.finished:
            return
        del self._running[output.request_id]
        copies = job.request.n if job.request.temperature <= 0 else 1
        outputs = sorted(output.outputs, key=lambda one: one.index)
        job.succeed(
            Generation(
                id=job.request.id,
                completions=tuple(_completion(one, job.request.logprobs) for one in outputs)
                * copies,
                model=self.name,
                prompt_tokens=len(output.prompt_token_ids),
                completion_tokens=sum(len(one.token_ids) for one in outputs) * copies,
            )
        )

    def _fail_all(self, why: str) -> None:
        for job in self._running.values():
            job.fail(ModelUnavailable(f"{self.name}: {why}"))
        self._running.clear()


def _arguments(config: VLLMConfig, on_cpu: bool) -> Mapping[str, Any]:
    arguments: dict[str, Any] = {
        "model": config.model,
        "revision": config.revision or None,
        "dtype": config.dtype,
        "max_model_len": config.max_model_len,
        "tensor_parallel_size": config.tensor_parallel_size,
        "gpu_memory_utilization": config.gpu_memory_utilization,
        "max_num_seqs": config.max_num_seqs,
        "enforce_eager": config.enforce_eager,
        "disable_log_stats": True,
        # Settings of a request are ours alone, not what stands in a model's generation config.
        "generation_config": "vllm",
    }
    if on_cpu:
        # With a prompt that is read in pieces and a seed, vLLM 0.32 dies on a CPU: it rewinds the
        # request's random generator by an offset, which only generators of GPUs have.
        arguments["enable_chunked_prefill"] = False
    return {**arguments, **config.extra}


def _parameters(job: Job) -> Any:
    from vllm import SamplingParams  # pyright: ignore[reportAttributeAccessIssue]
    from vllm.sampling_params import RequestOutputKind

    request = job.request
    return SamplingParams(
        # Without randomness all n are one, and vLLM refuses to be asked for more.
        n=1 if request.temperature <= 0 else request.n,
        temperature=request.temperature,
        top_p=request.top_p,
        max_tokens=request.max_tokens,
        stop=list(request.stop),
        seed=request.seed,
        logprobs=request.logprobs or None,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _completion(output: Any, logprobs: int) -> Completion:
    return Completion(
        text=output.text,
        finish_reason=output.finish_reason or "stop",
        logprobs=tuple(_likeliest(one, logprobs) for one in output.logprobs or ()),
    )


def _likeliest(chances: Mapping[int, Any], n: int) -> dict[str, float]:
    """The `n` likeliest tokens of a position; vLLM adds the one that was drawn, at any rank."""
    found: dict[str, float] = {}
    for chance in sorted(chances.values(), key=lambda one: one.rank)[:n]:
        # Tokens that are parts of one character look alike; the likeliest, the first, stays.
        found.setdefault(chance.decoded_token, chance.logprob)
    return found
