# Tries: open every setting of the kernel's for writing. Some belong to a namespace and outlive the
# sample; others are the host's.
import os

opened = []
for folder, _, files in os.walk("/proc/sys"):
    for name in files:
        path = os.path.join(folder, name)
        try:
            os.close(os.open(path, os.O_WRONLY))
        except OSError:
            continue
        opened.append(path)
print(opened or "contained")
