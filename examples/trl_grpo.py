"""GRPO with TRL, whose reward is a verdict: `veristone serve`, then this, with trl 1.6 or newer.

python examples/trl_grpo.py MODEL --url http://127.0.0.1:8080 --steps 2
"""

import argparse

import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from veristone.integrations.trl import reward

ROWS = [
    {"prompt": "def double(x):\n", "tests": "assert double(2) == 4\nassert double(-1) == -2"},
    {"prompt": "def last(xs):\n", "tests": "assert last([1, 2]) == 2"},
]


def main() -> None:
    """Train for some steps and print the mean reward of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", help="name or path")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--output", default="grpo")
    given = parser.parse_args()
    trainer = GRPOTrainer(
        model=given.model,
        args=GRPOConfig(
            output_dir=given.output,
            max_steps=given.steps,
            per_device_train_batch_size=4,
            num_generations=2,
            max_completion_length=16,
            logging_steps=1,
            report_to=[],
            use_cpu=not torch.cuda.is_available(),
            bf16=torch.cuda.is_available(),
        ),
        train_dataset=Dataset.from_list(ROWS),
        reward_funcs=reward(given.url, column="tests"),
    )
    trainer.train()
    for step in trainer.state.log_history:
        if "reward" in step:
            print(f"step {step['step']}: reward {step['reward']:.2f}")


if __name__ == "__main__":
    main()
