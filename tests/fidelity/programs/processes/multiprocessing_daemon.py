import multiprocessing as mp, time
def forever(): time.sleep(60)
if __name__ == "__main__":
    p = mp.get_context("fork").Process(target=forever, daemon=True); p.start()
    print("end")
