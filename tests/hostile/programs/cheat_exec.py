# Tries: become another program that ends well.
import os

os.execv("/bin/true", ["true"])
