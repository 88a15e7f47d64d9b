import multiprocessing as mp, time
def slow(): time.sleep(0.1); print("child done")
mp.get_context("fork").Process(target=slow).start()
print("parent done", flush=True)
