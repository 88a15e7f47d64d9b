import warnings, sys
for each in warnings.filters:
    print(each)
print(warnings.onceregistry, warnings.showwarning, warnings.defaultaction)
