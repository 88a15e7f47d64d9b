from package import thing
print(thing.name)
import package.missing
