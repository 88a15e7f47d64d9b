"""DS-1000 with the versions of its own environment: rows in its layout, and answers of that time.

The rows are ours. Each reference says something that later versions of its library took away, so
that it passes in the image `ds-1000` alone.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from backends import open_engine

from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import serving
from veristone.training.evaluation import Candidate, evaluate, load_dataset
from veristone.training.evaluation.runner import limits_for

FRAME = '''
import copy
import io
import tokenize

import numpy as np
import pandas as pd


def generate_test_case(test_case_id):
    def generate_ans(data):
        return {answer}

    test_input = {given}
    return test_input, generate_ans(copy.deepcopy(test_input))


def exec_test(result, ans):
    try:
        {compare}
        return 1
    except Exception:
        return 0


exec_context = r"""
import numpy as np
import pandas as pd
data = test_input
[insert]
"""


def test_execution(solution: str):
    code = exec_context.replace("[insert]", solution)
    for i in range(2):
        test_input, expected_result = generate_test_case(i + 1)
        test_env = {{"test_input": test_input}}
        exec(code, test_env)
        assert exec_test(test_env["result"], expected_result)


def test_string(solution: str):
    tokens = [t.string for t in tokenize.tokenize(io.BytesIO(solution.encode("utf-8")).readline)]
    assert "for" not in tokens and "while" not in tokens
'''
PLOT = '''
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image


def skip_plt_cmds(l):
    return all(p not in l for p in ["plt.show()", "plt.clf()", "plt.close()", "savefig"])


def generate_test_case(test_case_id):
    x = np.arange(10)
    plt.plot(x, 2 * x)
    plt.xlabel("x")
    plt.savefig("ans.png", bbox_inches="tight")
    plt.close()
    return None, None


def exec_test(result, ans):
    code_img = np.array(Image.open("output.png"))
    oracle_img = np.array(Image.open("ans.png"))
    return int(code_img.shape == oracle_img.shape and np.allclose(code_img, oracle_img))


exec_context = r"""
import matplotlib.pyplot as plt
import numpy as np
x = np.arange(10)
[insert]
plt.savefig('output.png', bbox_inches ='tight')
result = None
"""


def test_execution(solution: str):
    solution = "\\n".join(filter(skip_plt_cmds, solution.split("\\n")))
    code = exec_context.replace("[insert]", solution)
    for i in range(1):
        test_input, expected_result = generate_test_case(i + 1)
        test_env = {"test_input": test_input}
        exec(code, test_env)
        assert exec_test(test_env["result"], expected_result)
'''
EQUAL = "np.testing.assert_allclose(result, ans)"
ROWS = {
    "Pandas": (
        FRAME.format(
            given='pd.DataFrame({"a": [1, 2, 3 * test_case_id]})',
            answer="pd.concat([data, data], ignore_index=True)",
            compare="pd.testing.assert_frame_equal(result, ans, check_dtype=False)",
        ),
        "result = data.append(data, ignore_index=True)",
        "result = data",
    ),
    "Numpy": (
        FRAME.format(given="np.array([1.0, test_case_id])", answer="data.prod()", compare=EQUAL),
        "result = np.product(data)",
        "result = data.sum() + 1",
    ),
    "Scipy": (
        FRAME.format(given="np.arange(4.0) * test_case_id", answer="data[-1] * 1.5", compare=EQUAL),
        "from scipy import integrate\nresult = integrate.simps(data)",
        "result = 0",
    ),
    "Sklearn": (
        FRAME.format(given="test_case_id", answer='"1.4.0"', compare="assert result == ans"),
        "import sklearn\nresult = sklearn.__version__",
        'result = "1.7"',
    ),
    "Tensorflow": (
        FRAME.format(given="np.arange(4) * test_case_id", answer="data.sum()", compare=EQUAL),
        "import tensorflow as tf\nassert tf.__version__ == '2.16.1'\n"
        "result = tf.reduce_sum(tf.constant(data)).numpy()",
        "import tensorflow as tf\nresult = tf.reduce_max(tf.constant(data)).numpy()",
    ),
    "Matplotlib": (PLOT, 'plt.plot(x, 2 * x)\nplt.xlabel("x")\nplt.show()', "plt.plot(x, x)"),
}


def row(number: int, library: str) -> dict[str, Any]:
    context, reference, _ = ROWS[library]
    return {
        "prompt": "Problem:\nDo it.\nA:\n<code>\n</code>\nBEGIN SOLUTION\n<code>\n",
        "reference_code": reference,
        "metadata": {"problem_id": number, "library": library, "test_case_cnt": 2},
        "code_context": context,
    }


def test_its_programs_ask_for_its_image_first_and_others_do_not() -> None:
    first, other = serving("python")[0]
    assert other.name == "ds-1000"
    assert first.wants((PLOT.encode(),))
    assert not first.wants((b"import numpy as np\nprint('test_execution')\n",))


@pytest.mark.docker
@pytest.mark.timeout(300)
async def test_references_pass_and_wrong_answers_do_not(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps(row(n, name)) + "\n" for n, name in enumerate(ROWS)))
    dataset = load_dataset(path, "ds-1000")
    candidates = [
        Candidate(task_id=f"DS-1000/{number}", solution=solution)
        for number, (_, right, wrong) in enumerate(ROWS.values())
        for solution in (right, f"{wrong}\n</code>\nEND SOLUTION")
    ]
    async with open_engine("docker", sandboxes=2) as engine:
        try:
            await engine.isolation("ds-1000")
        except ToolchainMissing as error:
            pytest.skip(str(error))
        report = await evaluate(engine, dataset, candidates, limits=limits_for(60.0))
    found = [outcome.base_status for outcome in report.outcomes]
    assert found == ["pass", "fail"] * len(ROWS), [outcome.message for outcome in report.outcomes]
