"""A run goes on with larger limits of tokens, and asks again for what the smaller ones cut off.

Under a larger limit a text that came to its end is the same, so only records change of which
nothing was left but texts that were cut off; nothing came of these in later stages.
"""

from typing import Any

import msgspec

from veristone.generators.synthesis.pipeline.chain import Chain
from veristone.generators.synthesis.pipeline.folder import RunFolder
from veristone.generators.synthesis.records import Record, StageResult, encode
from veristone.queues import Item

__all__ = ["raise_limits"]

_CUT = "truncated"


async def raise_limits(folder: RunFolder, frozen: bytes) -> int:
    """Take on a recipe that has larger limits than the run's own and differs in nothing else.

    Any other recipe changes nothing. Returns how many records are asked about again. The folder is
    locked; a kill in here is made good by the same call.
    """
    own = folder.recipe_path.read_bytes()
    stages = _grown(msgspec.json.decode(own), msgspec.json.decode(frozen))
    number = 0
    if stages:
        async with folder.open() as chain:
            for stage in stages:
                number += await _ask_again(chain, stage)
    if stages or own == frozen:
        folder.freeze(frozen)
    return number


def _grown(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the stages whose limits are larger; none where anything else differs."""
    if _without_limits(old) != _without_limits(new):
        return []
    pairs = [
        (stage["name"], _limits(before), _limits(stage))
        for before, stage in zip(old["stages"], new["stages"], strict=True)
    ]
    if any(after < before for _, *both in pairs for before, after in zip(*both, strict=True)):
        return []
    return [name for name, before, later in pairs if before != later]


def _without_limits(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_limits(each) for name, each in value.items() if not _is_limit(name)}
    return [_without_limits(each) for each in value] if isinstance(value, list) else value


def _limits(stage: dict[str, Any]) -> list[int]:
    every = [*stage.items(), *stage["sampling"].items()]
    return [value for name, value in every if _is_limit(name)]


def _is_limit(name: str) -> bool:
    return name.endswith("max_tokens")


async def _ask_again(chain: Chain, stage: str) -> int:
    """Put the records of a stage back that have nothing but texts that were cut off."""
    cut = [result async for result in chain.results(stage) if _all_cut(result)]
    if cut:
        # First, so that what comes of them finds the queues behind open.
        await chain.reopen(stage)
    back = 0
    for result in cut:
        refused = -len(result.refused)
        counts = {"given": -1, "refused": refused, f"refused:{_CUT}": refused}
        back += await chain.queues[stage].redo(Item(result.key, encode(_given(result))), counts)
    return back


def _all_cut(result: StageResult) -> bool:
    cut = [one.reason == _CUT and one.finish_reason == "length" for one in result.refused]
    return not result.kept and bool(cut) and all(cut)


def _given(result: StageResult) -> Record:
    return msgspec.structs.replace(result.refused[0].record, id=result.key)
