import asyncio, datetime, sys
datetime.datetime.utcnow()
import ast
ast.Num if hasattr(ast, "Num") else None
try:
    import imp
except ImportError as error:
    print(error)
import random
random.seed(1.5)
