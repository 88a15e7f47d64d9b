"""transformers' Trainer with the loss that we mean, in training and in evaluation."""

from typing import Any

import torch
import transformers
from transformers.trainer_callback import PrinterCallback

from veristone.training.finetune.collate import IGNORED

__all__ = ["Loop", "token_mean"]


def token_mean(outputs: Any, labels: Any, num_items_in_batch: Any = None) -> Any:
    """Return the sum of the losses of all learnt tokens over `num_items_in_batch`.

    The Trainer counts these over the whole batch, all devices and all accumulation steps. Models
    mostly do the same themselves; this does not depend on it.
    """
    logits = outputs["logits"][..., :-1, :].float()
    targets = labels[..., 1:].reshape(-1).to(logits.device)
    total = torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), targets, ignore_index=IGNORED, reduction="sum"
    )
    return total / (1 if num_items_in_batch is None else num_items_in_batch)


class Loop(transformers.Trainer):
    """The training loop."""

    def __init__(self, **options: Any) -> None:
        super().__init__(compute_loss_func=token_mean, **options)
        self.remove_callback(PrinterCallback)
        # Without a launcher, transformers would spread a batch over all visible GPUs by itself
        # (`DataParallel`), with another batch size than the plan's.
        self.args._n_gpu = min(self.args.n_gpu, 1)  # pyright: ignore[reportPrivateUsage]

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Return the loss over the samples kept out: one mean over all their learnt tokens.

        The Trainer's own is a mean of the means of batches, where short samples weigh more.
        """
        was_training = self.model_wrapped.training
        self.model_wrapped.eval()
        total = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        with torch.no_grad():
            for batch in self.get_eval_dataloader():
                inputs = self._prepare_inputs(batch)
                labels = inputs.pop("labels")
                with self.compute_loss_context_manager():
                    summed = token_mean(self.model_wrapped(**inputs), labels)
                total[0] += summed.double()
                total[1] += (labels[..., 1:] != IGNORED).sum()
        self.model_wrapped.train(was_training)
        loss, tokens = self.accelerator.reduce(total, reduction="sum").tolist()
        metrics: dict[str, float] = {"eval_loss": loss / tokens, "eval_tokens": int(tokens)}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics
