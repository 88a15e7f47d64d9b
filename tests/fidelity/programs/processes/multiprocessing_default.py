import multiprocessing as mp
def work(c): c.send(["hello", {"a": 1}]); c.close()
if __name__ == "__main__":
    a, b = mp.Pipe()
    p = mp.Process(target=work, args=(b,))
    p.start(); print(a.recv()); p.join()
