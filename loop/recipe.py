"""A recipe of the whole loop: one TOML file, checked before anything runs.

Each section says what one command is to do, in that command's own words (a recipe of `seeds`, of
`generate`, of `select`, a preset of `train`). A variant is the same loop with some settings
changed: the ablations of the papers, and the control of every experiment.
"""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from veristone.settings import change_texts, checked, joined, names_in, read_toml
from veristone.training.finetune.presets import merged, parse_override

__all__ = [
    "SERVER",
    "AlignRecipe",
    "Benchmark",
    "Machine",
    "Server",
    "Variant",
    "builtin_recipes",
    "load_align_recipe",
]

SERVER = "server:"
"""Before the name of a model that `align` serves itself, as `[server]` says."""
_BUILT_IN = Path(str(resources.files("veristone") / "recipes"))
_PATHS = frozenset({"path", "input", "file", "dataset", "engine"})
_VLLM = (
    *("vllm", "serve", "MODEL", "--host", "127.0.0.1", "--port", "PORT"),
    *("--tensor-parallel-size", "TENSOR", "--data-parallel-size", "DATA"),
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Model(_Section):
    """The base model: it writes the data of the first round and is what is trained."""

    path: str = Field(alias="model")
    """A folder or a name on a hub."""
    serve: str = ""
    """Where it generates, with MODEL standing for the model of the round: `server:MODEL`, which
    `align` starts and stops; the URL of a server that has them all, `http://HOST/v1#MODEL`; or a
    back end in process as in `veristone generate --model`. Empty: `vllm:MODEL`, on one GPU."""
    teacher: str = ""
    """Another model that writes the data, in the same forms: Magicoder's way. Empty: the model of
    the round writes its own."""
    billions: float = Field(default=0.0, ge=0)
    """Parameters, for the estimate of a dry run only."""

    def address(self, model: str) -> str:
        """Return the `--model` of a round that generates with `model`."""
        return (self.serve or "vllm:MODEL").replace("MODEL", model)


class Server(_Section):
    """Servers that `align` starts for the steps that ask a `server:MODEL`, one at a time.

    A server speaks OpenAI's API on this host and lists MODEL under `/v1/models` once it can answer.
    How it is served never counts as another setting: a run goes on with another server.
    """

    command: tuple[str, ...] = Field(default=_VLLM, min_length=1)
    """MODEL stands for the model, PORT, TENSOR and DATA for the numbers below."""
    more: tuple[str, ...] = ()
    """Words behind the command: `["--max-model-len", "4096"]`."""
    tensor_parallel: int = Field(default=1, ge=1)
    """GPUs that one copy of the model is split over."""
    data_parallel: int = Field(default=0, ge=0)
    """Copies of the model; 0: as many as the GPUs hold."""
    port: int = Field(default=0, ge=0, le=65535)
    """0: any that is free."""
    ready_s: float = Field(default=1800.0, gt=0)
    """How long it may take to start: a large model is loaded, perhaps downloaded."""

    def copies(self, gpus: int) -> int:
        """Return how many copies of the model are served on so many GPUs."""
        return self.data_parallel or max(1, gpus // self.tensor_parallel)


class Machine(_Section):
    """What the steps run on. It decides how long they take and not what comes out: a run that was
    interrupted goes on with another."""

    gpus: int = Field(default=0, ge=0)
    """0: those that nvidia-smi lists."""
    launcher: tuple[str, ...] = ()
    """Words in front of a training's process. Empty: accelerate, where there are several GPUs; your
    own for several hosts."""
    backend: Literal["", "auto", "docker", "bubblewrap"] = ""
    """What holds the sandboxes, as in `--backend`."""
    sandboxes: int = Field(default=0, ge=0)
    """At work at once; 0: one per core."""
    runtime: str = ""
    engine: str = ""
    """TOML file with settings of the engine, as in `--config`."""
    in_flight: int = Field(default=128, ge=1)
    """Records of each stage of a synthesis that a model is asked about at once."""
    verifiers: int = Field(default=1, ge=1)
    """Processes that verify."""
    queues: str = ""
    """`redis://HOST:PORT/0`, so that workers on other hosts can join a synthesis."""


class Seeds(_Section):
    """Seed collection, or a file of seeds that is there already."""

    recipe: str = "starcoder2"
    source: tuple[str, ...] = ()
    """What `veristone seeds run --source` takes."""
    any_licence: bool = False
    documents: int = Field(default=0, ge=0)
    """Of each source, the first so many documents; 0: all."""
    judge: str = ""
    """Model that judges documentation, as in `--judge` or as `server:MODEL`; empty: the step is
    skipped."""
    file: str = ""
    """Seeds that are there; nothing is mined."""


class Synthesis(_Section):
    """Concepts, instructions, responses, verdicts."""

    recipe: str
    """Of `veristone generate`; or `documented-functions`, which asks no model: documentation is the
    instruction, the function the response (Magicoder's baseline)."""
    input: str = ""
    """Instructions or tasks in place of seeds, for recipes that begin with them."""
    limit: int = Field(default=0, ge=0)
    """How many of the input are taken, drawn by their ids; 0: all."""


class Selection(_Section):
    """Which of the verified responses become training rows."""

    recipe: str = "starcoder2-instruct"


class Dataset(_Section):
    """How rows are written."""

    template: str = ""
    """Prompt template; empty: that of the training preset."""


class Training(_Section):
    """Supervised fine-tuning."""

    preset: str
    set: dict[str, str | int | float | bool] = {}
    parallel: Literal["one", "ddp", "fsdp", "deepspeed-zero3"] = "ddp"
    """How several GPUs share the work, by accelerate: `ddp` has the whole model on each, `fsdp` and
    `deepspeed-zero3` divide it (`training/finetune/accelerate/`); `one` trains on one of them."""


class Benchmark(_Section):
    """One evaluation of every model of the run."""

    benchmark: str
    path: str = Field(alias="dataset")
    n: int = Field(default=1, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    style: Literal["instruct", "chat", "complete"] = "instruct"
    base_style: Literal["instruct", "chat", "complete"] = "complete"
    """Style for the base model, which knows no template."""
    name: str = ""
    """Where two evaluations are of one benchmark."""
    since: str = ""

    @property
    def label(self) -> str:
        """What it is called in the report."""
        return self.name or self.benchmark


class Variant(_Section):
    """The same loop but for some settings."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    description: str = ""
    seeds: Seeds | None = None
    synthesis: Synthesis | None = None
    selection: Selection | None = None
    training: Training | None = None
    equal_rows: bool = False
    """Learns from as many rows as the main one, drawn at random: a comparison at equal size."""


class Round(_Section):
    """What one round does differently."""

    number: int = Field(ge=1)
    synthesis: Synthesis | None = None
    selection: Selection | None = None
    training: Training | None = None
    train: Literal["base", "previous"] = "base"
    """What is trained: the base model anew, or the model of the round before further."""
    after_synthesis: bool = False
    """Synthesis starts from the instructions that the round before selected."""


class Report(_Section):
    """What the report sets the data beside; nothing that is made depends on it."""

    embeddings: str = ""
    """Model that sorts rows into categories: `http://HOST/v1#MODEL`, a TOML file with a server's
    settings, or `sentence-transformers:NAME`. Empty: keywords do."""
    compare: dict[str, str] = {}
    """Other data sets, name to file (JSON Lines, Parquet): rows with an instruction and a response,
    by the names that are usual for them, or with messages."""


class Scale(_Section):
    """What a dry run reckons with. Defaults: the paper's own counts where it gives them."""

    functions: int = Field(default=22_311_478, ge=0)
    """In the corpus (MultiPL-T's count of The Stack's Python)."""
    judged: int = Field(default=459_280, ge=0)
    """Functions that the judge is asked about, where there is one: those that return a value and
    type-check (MultiPL-T's count)."""
    seeds: int = Field(default=250_000, ge=0)
    instructions: float = Field(default=0.95, ge=0, le=1)
    """Share of seeds that give a usable instruction (238k of 250k)."""
    responses: int = Field(default=10, ge=1)
    passing: float = Field(default=0.208, ge=0, le=1)
    """Share of responses that pass (500k of 2.4M)."""
    rows: int = Field(default=50_000, ge=0)


class AlignRecipe(_Section):
    """The loop."""

    name: str
    rounds: int = Field(default=1, ge=1, le=20)
    random_seed: int = 0
    model: Model
    seeds: Seeds | None = None
    synthesis: Synthesis
    selection: Selection = Selection()
    dataset: Dataset = Dataset()
    training: Training
    server: Server = Server()
    machine: Machine = Machine()
    benchmarks: dict[str, str] = {}
    """What must not be found in seeds and responses: name to file, as in `--benchmark`."""
    evaluation: tuple[Benchmark, ...] = ()
    variants: tuple[Variant, ...] = ()
    round: tuple[Round, ...] = ()
    """Rounds that differ from the others."""
    report: Report = Report()
    scale: Scale = Scale()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.seeds is None and not self.synthesis.input:
            raise ValueError("give [seeds], or the file that synthesis starts from as its `input`")
        names = ["main", "base", *(variant.name for variant in self.variants)]
        labels = [each.label for each in self.evaluation]
        for kind, found in (("variants", names), ("evaluations", labels)):
            twice = sorted({name for name in found if found.count(name) > 1})
            if twice:
                raise ValueError(f"two {kind} are called {twice[0]!r}")
        tuned_is_asked = self.evaluation or (self.rounds > 1 and not self.model.teacher)
        if tuned_is_asked and "MODEL" not in (self.model.serve or "MODEL"):
            raise ValueError(
                f"model.serve = {self.model.serve!r} would ask the base model and every tuned one"
                " in one place; write MODEL in it: server:MODEL, or http://HOST:PORT/v1#MODEL"
            )
        for each in self.round:
            if each.number > self.rounds:
                raise ValueError(f"round {each.number} of {self.rounds} does not come")
            if each.number == 1 and (each.train == "previous" or each.after_synthesis):
                raise ValueError("there is no round before round 1")
        return self

    def changes(self, number: int) -> Round:
        """Return what a round does differently."""
        return next((each for each in self.round if each.number == number), Round(number=number))

    def at(self, number: int) -> "AlignRecipe":
        """Return the recipe with a round's sections in place of its own."""
        return self._with(self.changes(number), ("synthesis", "selection", "training"))

    def of(self, variant: Variant | None) -> "AlignRecipe":
        """Return the recipe with a variant's sections in place of its own."""
        if variant is None:
            return self
        return self._with(variant, ("seeds", "synthesis", "selection", "training"))

    def _with(self, other: "Variant | Round", names: Sequence[str]) -> "AlignRecipe":
        found = {name: getattr(other, name) for name in names}
        given = {name: section for name, section in found.items() if section is not None}
        return self.model_copy(update=given)


def builtin_recipes() -> list[str]:
    """Return the names of the recipes that come with Veristone."""
    return names_in(_BUILT_IN)


def load_align_recipe(
    path: Path, data: Path | None = None, changes: Sequence[str] = ()
) -> AlignRecipe:
    """Read a recipe, or one of ours by its name.

    Paths are meant from the folder `data`; without one from the recipe's own folder, or, in a
    recipe of ours, from the present one.

    Args:
        path: the file, or the name.
        data: where relative paths begin.
        changes: `key=value` over what it says, the value as in TOML; `server.port=8100` reaches
            into a table, `variants=[]` takes a whole list's place.

    Raises:
        ConfigError: it cannot be read, or the first thing that is wrong with it, by its place.
    """
    folder = path.resolve().parent
    if str(path) in builtin_recipes():
        path, folder = _BUILT_IN / f"{path}.toml", Path.cwd()
    folder = data.resolve() if data is not None else folder
    settings = read_toml(path, str(path), what="recipe", known=builtin_recipes())
    settings.setdefault("name", path.stem)
    for change in changes:
        settings = merged(settings, parse_override(change))
    own = path.resolve().parent
    given = settings
    settings = change_texts(given, lambda key, text: _anchored(key, text, own, folder))
    _join_files(given, settings, "benchmarks", folder)
    if isinstance(given.get("report"), dict):
        _join_files(given["report"], settings["report"], "compare", folder)
    return checked(AlignRecipe, settings, str(path))


def _join_files(
    given: Mapping[str, Any], settings: dict[str, Any], name: str, folder: Path
) -> None:
    """Make the paths of a table absolute whose keys are names of the user's own."""
    if isinstance(files := given.get(name), dict):
        settings[name] = change_texts(files, lambda _, text: joined(folder, text))


def _anchored(key: str, value: str, own: Path, folder: Path) -> str:
    """Make a path absolute: of a recipe from the folder `own`, of everything else from `folder`.

    Files are the settings that name nothing else. A recipe, a preset, a template or a model is a
    file only where it begins with a dot; words for a back end are one where they end in `.toml`.
    """
    if key in ("recipe", "preset", "template", "model"):
        start = folder if key == "model" else own
        return str(start / value) if value.startswith(("./", "../")) else value
    if key in ("serve", "teacher", "judge", "embeddings"):
        return joined(folder, value) if value.endswith(".toml") else value
    if key == "source":
        # As in --source: KIND:PATH, or a path alone.
        kind, colon, path = value.partition(":")
        return f"{kind}:{folder / path}" if colon and "/" not in kind else str(folder / value)
    return joined(folder, value) if key in _PATHS and value else value
