import json
print(json.dumps({"b": [1, 2.5, None, True], "a": "é\ud800"}, sort_keys=True, indent=1), json.loads('{"x": NaN}'))
try:
    json.loads("{bad}")
except json.JSONDecodeError as error:
    print(error, error.pos)
try:
    json.dumps({1, 2})
except TypeError as error:
    print(error)
