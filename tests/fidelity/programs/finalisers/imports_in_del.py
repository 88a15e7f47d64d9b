class Speaks:
    def __del__(self):
        import json
        print(json.dumps({"in": "del"}))
x = Speaks()
