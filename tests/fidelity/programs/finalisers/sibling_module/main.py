import gc
gc.disable()
import helper
class Speaks:
    def __del__(self): print("main object gone")
mine = Speaks()
helper.use()
