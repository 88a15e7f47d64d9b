import sys
sys.displayhook(5)
import builtins
print(_, builtins._)
sys.displayhook(None)
exec(compile("1 + 1; 'text'", "x", "single"))
