import os, shutil, curses
print(shutil.get_terminal_size(), os.isatty(0))
try:
    os.get_terminal_size()
except OSError as error:
    print(error)
try:
    curses.setupterm("no-such-terminal", 1)
except curses.error as error:
    print(type(error).__name__)
