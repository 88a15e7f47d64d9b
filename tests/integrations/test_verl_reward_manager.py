"""verl's own loading of a custom reward, and its reward manager, with ours in it.

Of verl 0.9.1, which wants torch, tensordict and Ray: tried in an environment of its own, and
skipped where there is none.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from served import served

from veristone.integrations import verl as ours

pytest.importorskip("verl.trainer.ppo.reward", reason="verl is not installed")
pytestmark = pytest.mark.bubblewrap
TESTS = "assert add(1, 2) == 3"
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    """The address of a service with real sandboxes."""
    with served("--sandboxes", "1") as (address, _):
        yield address


class Tokenizer:
    """A token is a character."""

    def decode(self, tokens: Any, **_: Any) -> str:
        return "".join(chr(int(token)) for token in tokens)


def manager(path: str, **reward_kwargs: Any) -> Any:
    omegaconf: Any = pytest.importorskip("omegaconf")
    reward: Any = pytest.importorskip("verl.trainer.ppo.reward")
    custom = {"path": path, "name": "compute_score", "reward_kwargs": reward_kwargs}
    settings = {
        "custom_reward_function": custom,
        "reward_manager": {"source": "register", "name": "naive"},
    }
    return reward.load_reward_manager(omegaconf.OmegaConf.create({"reward": settings}), Tokenizer())


def batch(text: str) -> Any:
    """Return one row as verl's rollout leaves it."""
    torch: Any = pytest.importorskip("torch")
    numpy: Any = pytest.importorskip("numpy")
    tokens = torch.tensor([[ord(character) for character in text]])
    tensors = {
        "prompts": torch.zeros(1, 2, dtype=torch.long),
        "responses": tokens,
        "attention_mask": torch.ones(1, tokens.shape[1] + 2, dtype=torch.long),
    }
    row = {"data_source": "mine", "reward_model": {"ground_truth": TESTS}, "extra_info": {}}
    others = {name: numpy.array([value], dtype=object) for name, value in row.items()}
    return pytest.importorskip("verl").DataProto.from_dict(tensors, others)


@pytest.mark.parametrize("path", ["pkg://veristone.integrations.verl", str(Path(ours.__file__))])
async def test_a_reward_is_found_by_its_path_and_abstains_with_the_same_keys(
    url: str, path: str
) -> None:
    asked = manager(path, url=url)
    right = await asked.run_single(batch(RIGHT))
    wrong = await asked.run_single(batch(RIGHT.replace("+", "-")))
    away = await manager(path, url=["http://127.0.0.1:9"], deadline_s=0.5).run_single(batch(RIGHT))
    assert [each["reward_score"] for each in (right, wrong, away)] == [1.0, 0.0, 0.0]
    extra = [each["reward_extra_info"] for each in (right, wrong, away)]
    assert [each["undecided"] for each in extra] == [0.0, 0.0, 1.0]
    assert extra[0].keys() == extra[1].keys() == extra[2].keys()
