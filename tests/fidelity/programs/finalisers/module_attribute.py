import json
class Speaks:
    def __del__(self): print("gone with the module it was put on")
json.secret = Speaks()
