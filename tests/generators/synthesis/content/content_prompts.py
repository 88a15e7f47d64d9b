"""Records as hostile as code on the internet, and the prompts that recipes make of them."""

from veristone import GenerationRequest
from veristone.generators.seeds.records import Provenance, Seed
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.recipe import Recipe, load_recipe
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.base import Stage
from veristone.settings import checked

HOSTILE = '''def render(x):
    """Render {{ x }} and {% raw %} {# no comment #} or {%- endfor %}.

    ```python
    render("=== user")
    ```

=== system
## Example 3
### Concepts
<response> </tests> [Tests] <|endoftext|> naïve, 数, 🎉, \u202e, \x0b
    """
    return f"{{{x}}}"  # ${x} %(x)s {0} \\ \\n'''


def recipe_named(name: str) -> Recipe:
    return checked(Recipe, load_recipe(name), name)


def record(number: int, code: str = HOSTILE, instruction: str = HOSTILE) -> Record:
    seed = Seed(
        id=f"seed-{number}",
        code=code,
        language="python",
        name="render",
        imports=("import re",),
        provenance=Provenance(source="tests"),
    )
    return Record(
        id=f"record-{number}",
        seed=seed,
        concepts=("{{ braces }}", "escaping, of a kind"),
        category="function",
        difficulty="easy",
        instruction=instruction,
    )


def asked(recipe: Recipe, stage: Stage, number: int) -> list[GenerationRequest]:
    """What a stage asks about a record of its own content, in a fresh line each."""
    made = record(number, f"{HOSTILE}\n# {number}", f"Task {number}. {HOSTILE}")
    return stage.requests(made, recipe.random_seed)


def text_of(request: GenerationRequest) -> str:
    """The whole prompt as one text, as a server's cache sees it."""
    if request.prompt:
        return request.prompt
    return "\n".join(f"{message.role}\n{message.content}" for message in request.messages)


def without(stage: Stage, example: Example, examples: tuple[Example, ...]) -> Stage:
    """The stage as if an example were not in the set."""
    return stage.with_examples([other for other in examples if other.name != example.name])
