import ast, dis, tokenize, io, sys, symtable
tree = ast.parse("x = [i ** 2 for i in range(3)]")
print(ast.dump(tree), ast.unparse(tree))
dis.dis(compile("a + b", "<x>", "eval"))
print([t.string for t in tokenize.generate_tokens(io.StringIO("a = 1 # c\n").readline)])
print(ast.literal_eval("{'a': [1, (2,)]}"), symtable.symtable("x = 1", "f", "exec").get_symbols()[0].get_name())
