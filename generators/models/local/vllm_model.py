"""vLLM in this process, through its `AsyncLLMEngine`.

vLLM itself runs the model in a process of its own and batches continuously. A seed gives the same
texts again as far as vLLM's own logits are the same; they differ in the last bits with the batch.
"""

import asyncio
import itertools
import os
from collections.abc import Mapping
from typing import Any, Self

from veristone import (
    Completion,
    ConfigError,
    Generation,
    GenerationRequest,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.models.config import VLLMConfig
from veristone.generators.models.local.prompts import encode, model_name

# What vLLM's environment should say where the user's says nothing: standard output is the command's
# own, a start is not worth a page of messages, and nobody is told of what runs here.
os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")

from vllm import AsyncEngineArgs, AsyncLLMEngine, SamplingParams
from vllm.exceptions import VLLMClientError, VLLMError
from vllm.platforms import current_platform
from vllm.sampling_params import RequestOutputKind

__all__ = ["VLLMModel"]


class VLLMModel:
    """A causal language model run by vLLM; a context manager, used once."""

    def __init__(self, config: VLLMConfig) -> None:
        self._config = config
        self._name = model_name(config.model)
        self._engine: Any = None
        self._tokenizer: Any = None
        self._numbers = itertools.count()
        """The engine's names for requests; ours need not be unique."""
        self._under_way: set[asyncio.Task[Any]] = set()
        # What waits, waits here, where it costs nothing.
        self._places = asyncio.Semaphore(config.max_num_seqs)

    @property
    def name(self) -> str:
        """The name on the hub, or the last part of the folder's name."""
        return self._name

    async def __aenter__(self) -> Self:
        """Load the model, which may take minutes.

        Raises:
            ConfigError: there is no such model, or an argument is wrong.
        """
        try:
            arguments = AsyncEngineArgs(**_arguments(self._config))
            self._engine = await asyncio.to_thread(AsyncLLMEngine.from_engine_args, arguments)
            self._tokenizer = self._engine.get_tokenizer()
        except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
            await self.close()
            raise ConfigError(f"{self._config.model}: cannot be loaded: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the engine; requests under way raise `ModelUnavailable`."""
        engine, self._engine = self._engine, None
        if engine is not None:
            under_way = list(self._under_way)
            for task in under_way:
                task.cancel()  # the engine itself would leave them waiting
            await asyncio.gather(*under_way, return_exceptions=True)
            engine.shutdown()

    async def generate(self, request: GenerationRequest) -> Generation:
        """See `veristone.Model`. A caller that is cancelled withdraws the request."""
        request.validate()
        async with self._places:
            if self._engine is None:
                raise ModelUnavailable(f"{self._name}: the model is not open")
            task = asyncio.create_task(self._last(request))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            try:
                output = await task
            except asyncio.CancelledError:
                if self._engine is None:
                    raise ModelUnavailable(f"{self._name}: the model was closed") from None
                raise
            except (VLLMClientError, ValueError) as error:
                raise RequestRefused(f"request {request.id}: {error}") from error
            except VLLMError as error:
                raise ModelUnavailable(f"{self._name}: the engine broke: {error}") from error
        # Without randomness all n are one, and vLLM refuses to be asked for more.
        copies = request.n if request.temperature <= 0 else 1
        outputs = sorted(output.outputs, key=lambda one: one.index)
        return Generation(
            id=request.id,
            completions=tuple(_completion(one, request.logprobs) for one in outputs) * copies,
            model=self._name,
            prompt_tokens=len(output.prompt_token_ids),
            completion_tokens=sum(len(one.token_ids) for one in outputs) * copies,
        )

    async def _last(self, request: GenerationRequest) -> Any:
        prompt = encode(self._tokenizer, request, self._engine.model_config.max_model_len)
        parameters = SamplingParams(
            n=1 if request.temperature <= 0 else request.n,
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens,
            stop=list(request.stop),
            seed=request.seed,
            logprobs=request.logprobs or None,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        number = str(next(self._numbers))
        async for output in self._engine.generate(
            {"prompt_token_ids": prompt}, parameters, request_id=number
        ):
            if output.finished:
                return output
        raise ModelUnavailable(f"{self._name}: the model was closed")


def _arguments(config: VLLMConfig) -> Mapping[str, Any]:
    arguments: dict[str, Any] = {
        **config.model_dump(exclude={"kind", "revision", "extra"}),
        "revision": config.revision or None,
        "disable_log_stats": True,
        # Settings of a request are ours alone, not what stands in a model's generation config.
        "generation_config": "vllm",
    }
    if current_platform.is_cpu():
        # With a prompt that is read in pieces and a seed, vLLM 0.32 dies on a CPU: it rewinds the
        # request's random generator by an offset, which only generators of GPUs have.
        arguments["enable_chunked_prefill"] = False
    return {**arguments, **config.extra}


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
