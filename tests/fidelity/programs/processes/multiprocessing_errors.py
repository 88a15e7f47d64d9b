import multiprocessing as mp, sys
def fails(): raise RuntimeError("in the child")
def leaves(): sys.exit(3)
def killed(): import os; os.kill(os.getpid(), 9)
if __name__ == "__main__":
    for target in (fails, leaves, killed):
        p = mp.get_context("fork").Process(target=target, name="P"); p.start(); p.join(); print(p.exitcode)
