import warnings
def f(): warnings.warn("said once", UserWarning)
f(); f()
for _ in range(3): warnings.warn("same line")
warnings.warn("deprecated", DeprecationWarning); warnings.warn("pending", PendingDeprecationWarning); warnings.warn("bytes", BytesWarning); warnings.warn("resource", ResourceWarning)
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always"); f()
print(len(seen), seen[0].filename, seen[0].lineno, seen[0].line)
warnings.simplefilter("error")
warnings.warn("now an error")
