"""What a pass is worth, asked of the verifier: mutants, agreement, repeated runs.

A pass says that code satisfies tests that the same model wrote in the same breath. Three questions
that cost runs but no model:

    mutants     does anything happen to the tests when the code is changed? (DeMillo, Lipton and
                Sayward, "Hints on Test Data Selection", 1978)
    agreement   how many other answers behave alike on everybody's tests? (Chen et al., "CodeT",
                arXiv 2207.10397: dual execution agreement)
    repeats     does it pass every time?

    plan        which runs a group needs, and what their verdicts say
    run         all groups through the verifier, with a log from which an interrupted run goes on
"""
