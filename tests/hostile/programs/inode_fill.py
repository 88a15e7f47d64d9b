# Tries: use up the inodes with a hundred thousand empty files.
import os

for number in range(100_000):
    os.close(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY))
