"""How far the tests of a task can be trusted, before a model is trained or ranked on it.

    tasks       what is audited: a gold solution, and how a solution of the task is judged
    examine     one task: every question that is asked of it
    run         a file of tasks in, a file of findings out
    page        the findings as a page
    matrix      many solutions and many tests of one task: who passes what, and who agrees

Whatever runs here runs as a sample of a `veristone.Verifier`.
"""
