import unittest.mock as mock
m = mock.Mock(return_value=3)
print(m(1), m.call_args, m.mock_calls)
with mock.patch("os.getcwd", return_value="/nowhere"):
    import os; print(os.getcwd())
with mock.patch(f"{__name__}.value", 2, create=True): print(value)
with mock.patch("builtins.input", side_effect=["a", "b"]): print(input(), input())
