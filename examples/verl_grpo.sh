#!/usr/bin/env bash
# GRPO with verl 0.9.1, whose reward is a verdict: `veristone serve`, then this where verl is
# installed. The last three keys are all of it.
#   examples/verl_grpo.sh MODEL [http://127.0.0.1:8080] [KEY=VALUE...]
set -euo pipefail
model=$1 url=${2:-http://127.0.0.1:8080}
shift $(($# > 1 ? 2 : 1))

python3 "$(dirname "$0")/verl_rows.py" rows.parquet
python3 -m verl.trainer.main_ppo \
    algorithm.adv_estimator=grpo \
    data.train_files=rows.parquet data.val_files=rows.parquet data.train_batch_size=2 \
    actor_rollout_ref.model.path="$model" \
    actor_rollout_ref.rollout.name=vllm actor_rollout_ref.rollout.n=4 \
    reward.custom_reward_function.path=pkg://veristone.integrations.verl \
    reward.custom_reward_function.name=compute_score \
    +reward.custom_reward_function.reward_kwargs.url="$url" "$@"
