import json.extra, calendar
print(json.__path__, json.extra.value, calendar.__file__.rpartition("/")[2])
