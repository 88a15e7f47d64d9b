import codecs, sys
print(codecs.lookup("utf-8").name, codecs.lookup_error("surrogateescape"))
try:
    codecs.lookup("no-such-codec")
except LookupError as error:
    print(error)
