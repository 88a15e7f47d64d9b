import os, sys
print(os.environ.get("TERM"), os.environ.get("COLUMNS"), os.environ.get("NO_COLOR"))
